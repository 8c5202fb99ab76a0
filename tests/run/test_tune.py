"""The search for hyperparameters goes on where it stopped, and what it found is what is trained."""

import json
import re
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import yaml
from harness.databases import postgres
from harness.project import Project
from harness.servers import free_port

DONE = """
SELECT param_value, value
FROM trial_params JOIN trial_values USING (trial_id) JOIN trials USING (trial_id)
WHERE state = 'COMPLETE'
"""

WITH_POSTGRES = "uv run --with psycopg[binary] python -m penguin_species"


def scores(project: Project) -> dict[float, float]:
    """Return every setting that was tried, with its score."""
    with closing(sqlite3.connect(project.path / "tune.db")) as store:
        return dict(store.execute(DONE).fetchall())


def test_search_goes_on_where_it_stopped_and_its_winner_is_trained(
    project: Callable[[str], Project], tmp_path: Path
) -> None:
    tuned = project("classification").copy(tmp_path / "project")

    tuned.run("uv run poe tune --model logistic --trials 2")
    first = scores(tuned)
    assert len(first) == 2

    told = tuned.run("uv run poe tune --model logistic --trials 5 --workers 2").stdout
    assert "3 trials run now, 5 in all" in told
    tried = scores(tuned)
    assert len(tried) == 5
    assert first.items() < tried.items()

    winner = yaml.safe_load((tuned.path / "conf/model/tuned.yaml").read_text(encoding="utf-8"))
    strength = winner["candidates"]["logistic"]["_args_"][1]["C"]
    assert tried[strength] == max(tried.values())

    tuned.run("uv run dvc exp run -S model=tuned train")
    training = json.loads((tuned.path / "reports/training.json").read_text(encoding="utf-8"))
    assert training["chosen"] == "logistic"
    assert winner["candidates"] == {"logistic": training["parameters"]}


def test_two_machines_share_the_trials_of_one_search(
    project: Callable[[str], Project], tmp_path: Path
) -> None:
    # As after `uv add`, which would change the environment that these projects share with others.
    command = f"{WITH_POSTGRES} tune --model logistic --trials 8"
    machines = [project("classification").copy(tmp_path / name) for name in ("one", "two")]

    with postgres(tmp_path / "log") as database, ThreadPoolExecutor() as pool:
        shared = {"OPTUNA_STORAGE": database.replace("postgresql:", "postgresql+psycopg:")}
        told = list(pool.map(lambda own: own.run(command, **shared).stdout, machines))
        again = machines[0].run(command, **shared).stdout

    ran = [int(re.search(r"(\d+) trials run now", text)[1]) for text in told]
    assert min(ran) > 0
    # Each finishes the trial that it was at when the other one ended the search.
    assert 8 <= sum(ran) <= 9
    assert "0 trials run now" in again
    assert all("database that OPTUNA_STORAGE names" in text for text in told)
    assert not (machines[0].path / "tune.db").exists()


def test_shared_study_that_cannot_be_reached_is_named_without_its_password(
    project: Callable[[str], Project], tmp_path: Path
) -> None:
    own = project("classification").copy(tmp_path / "project")
    address = f"postgresql+psycopg://you:secret@127.0.0.1:{free_port()}/tuning"

    for command in ("uv run poe tune", f"{WITH_POSTGRES} tune"):
        ran = own.run(f"{command} --trials 2", check=False, OPTUNA_STORAGE=address)
        assert ran.returncode == 1
        assert "mend OPTUNA_STORAGE" in ran.stdout
        assert "Traceback" not in ran.stdout
        assert "secret" not in ran.stdout

"""The search for hyperparameters goes on where it stopped, and what it found is what is trained."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import yaml
from harness.project import Project

DONE = """
SELECT param_value, value
FROM trial_params JOIN trial_values USING (trial_id) JOIN trials USING (trial_id)
WHERE state = 'COMPLETE'
"""


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

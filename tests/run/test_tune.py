"""The search for hyperparameters goes on where it stopped, and what it found is what is trained."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import yaml
from harness.project import Project


def tried(project: Project) -> list[float]:
    """Return the setting of every trial that is done."""
    done = "SELECT trial_id FROM trials WHERE state = 'COMPLETE'"
    with closing(sqlite3.connect(project.path / "tune.db")) as store:
        found = store.execute(f"SELECT param_value FROM trial_params WHERE trial_id IN ({done})")
        return [value for (value,) in found]


def test_search_goes_on_where_it_stopped_and_its_winner_is_trained(
    project: Callable[[str], Project], tmp_path: Path
) -> None:
    tuned = project("classification").copy(tmp_path / "project")

    tuned.run("uv run poe tune --model logistic --trials 2")
    before = tried(tuned)
    assert len(before) == 2

    told = tuned.run("uv run poe tune --model logistic --trials 5 --workers 2").stdout
    assert "3 trials run now, 5 in all" in told
    assert len(set(tried(tuned))) == 5
    assert set(before) < set(tried(tuned))

    tuned.run("uv run dvc exp run -S model=tuned train")
    winner = yaml.safe_load((tuned.path / "conf/model/tuned.yaml").read_text(encoding="utf-8"))
    training = json.loads((tuned.path / "reports/training.json").read_text(encoding="utf-8"))
    assert training["chosen"] == "logistic"
    assert winner["candidates"] == {"logistic": training["parameters"]}

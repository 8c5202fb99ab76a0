"""A fresh project of every task is green on all that it ships."""

import json
from collections.abc import Callable

import pytest
from harness.project import Project
from harness.variants import TASKS

Make = Callable[[str], Project]


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("check", ["lint", "types", "test"])
def test_fresh_project_passes_its_own_checks(project: Make, task: str, check: str) -> None:
    project(task).run(f"uv run poe {check}")


@pytest.mark.parametrize("task", TASKS)
def test_formatting_a_fresh_project_changes_nothing(
    project: Make, task: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    fresh = project(task).copy(tmp_path_factory.mktemp("formatted") / "project")

    fresh.run("uv run poe format")

    assert fresh.run("git status --porcelain").stdout == ""


@pytest.mark.parametrize("task", TASKS)
def test_pipeline_ends_with_every_objective_met_and_a_skilled_model(
    project: Make, task: str
) -> None:
    made = project(task)
    told = made.run("uv run poe summary").stdout

    evaluation = json.loads((made.path / "reports/evaluation.json").read_text(encoding="utf-8"))
    assert "FAIL" not in told
    assert "PASS" in told
    assert evaluation["skill"] > 0.2
    assert (made.path / "MODEL_CARD.md").is_file()
    assert (made.path / "reports/report.html").is_file()


@pytest.mark.parametrize("task", TASKS)
def test_working_tree_is_clean_after_pipeline_and_commit(project: Make, task: str) -> None:
    assert project(task).run("git status --porcelain").stdout == ""

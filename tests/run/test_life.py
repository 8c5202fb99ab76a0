"""A fresh project of every variant is green on all that it ships."""

import json
from collections.abc import Callable

import pytest
from harness.project import Project


@pytest.mark.parametrize("check", ["lint", "types", "test"])
def test_fresh_project_passes_its_own_checks(fresh_variant: Project, check: str) -> None:
    fresh_variant.run(f"uv run poe {check}")


@pytest.mark.parametrize("task", ["regression", "forecasting"])
def test_tests_reach_as_much_of_the_code_as_they_must(
    project: Callable[..., Project], task: str
) -> None:
    # The steps of the workflow show it for classification, and the other answers add little code.
    project(task).run("uv run poe coverage")


def test_formatting_a_fresh_project_changes_nothing(
    fresh_variant: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    fresh = fresh_variant.copy(tmp_path_factory.mktemp("formatted") / "project")

    fresh.run("uv run poe format")

    assert fresh.run("git status --porcelain").stdout == ""


def test_pipeline_ends_with_every_objective_met_and_a_skilled_model(fresh_variant: Project) -> None:
    told = fresh_variant.run("uv run poe summary").stdout

    evaluation = json.loads(
        (fresh_variant.path / "reports/evaluation.json").read_text(encoding="utf-8")
    )
    assert "FAIL" not in told
    assert "PASS" in told
    assert evaluation["skill"] > 0.2
    assert (fresh_variant.path / "MODEL_CARD.md").is_file()
    assert (fresh_variant.path / "reports/report.html").is_file()


def test_working_tree_is_clean_after_pipeline_and_commit(fresh_variant: Project) -> None:
    assert fresh_variant.run("git status --porcelain").stdout == ""

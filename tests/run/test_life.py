"""A fresh project of every variant is green on all that it ships."""

import json

import pytest
from harness.project import Project
from harness.variants import TASKS, VARIANTS, variant_with

# Measuring it takes half as long again: once for each task, as the other answers add little code.
MEASURED = [variant_with({"task": task}) for task in TASKS]


@pytest.mark.parametrize("check", ["lint", "types"])
def test_fresh_project_passes_its_own_checks(fresh_variant: Project, check: str) -> None:
    fresh_variant.run(f"uv run poe {check}")


def test_tests_pass_and_reach_as_much_of_the_code_as_they_must(
    fresh_variant: Project, request: pytest.FixtureRequest
) -> None:
    answers = VARIANTS[request.node.callspec.params["fresh_variant"]]

    fresh_variant.run("uv run poe coverage" if answers in MEASURED else "uv run poe test")


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

"""A fresh project of every task is green on all that it ships."""

import json
from collections.abc import Callable

import pytest
from harness.project import Project
from harness.variants import VARIANTS


@pytest.fixture(scope="module", params=VARIANTS)
def variant(project: Callable[..., Project], request: pytest.FixtureRequest) -> Project:
    """Return each variant in turn."""
    return project(**VARIANTS[request.param])


@pytest.mark.parametrize("check", ["lint", "types", "test"])
def test_fresh_project_passes_its_own_checks(variant: Project, check: str) -> None:
    variant.run(f"uv run poe {check}")


def test_formatting_a_fresh_project_changes_nothing(
    variant: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    fresh = variant.copy(tmp_path_factory.mktemp("formatted") / "project")

    fresh.run("uv run poe format")

    assert fresh.run("git status --porcelain").stdout == ""


def test_pipeline_ends_with_every_objective_met_and_a_skilled_model(variant: Project) -> None:
    told = variant.run("uv run poe summary").stdout

    evaluation = json.loads((variant.path / "reports/evaluation.json").read_text(encoding="utf-8"))
    assert "FAIL" not in told
    assert "PASS" in told
    assert evaluation["skill"] > 0.2
    assert (variant.path / "MODEL_CARD.md").is_file()
    assert (variant.path / "reports/report.html").is_file()


def test_working_tree_is_clean_after_pipeline_and_commit(variant: Project) -> None:
    assert variant.run("git status --porcelain").stdout == ""

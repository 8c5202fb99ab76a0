"""Each framework's own model is trained, exported, served and tuned, not only compared."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from harness.project import Project
from harness.variants import OPTIONS, TASKS

CANDIDATES = {"lightgbm": "lightgbm"}
"""The file in conf/model/ that a framework brings."""


@pytest.fixture(scope="module", params=TASKS)
def task(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("framework", CANDIDATES)
def test_its_model_alone_passes_the_gate_and_predicts_as_exported(
    project: Callable[..., Project], task: str, framework: str, tmp_path: Path
) -> None:
    own = project(task, framework=framework).copy(tmp_path / "project")
    settings = own.path / "conf/config.yaml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("- model: all", f"- model: {CANDIDATES[framework]}"))

    told = own.run("uv run poe pipeline").stdout

    training = json.loads((own.path / "reports/training.json").read_text(encoding="utf-8"))
    assert training["chosen"] == CANDIDATES[framework], told
    assert training["agreement"]["rows"] > 80
    assert training["agreement"]["largest_difference"] <= training["agreement"]["tolerance"]
    assert "FAIL" not in own.run("uv run poe summary").stdout


@pytest.mark.parametrize("framework", CANDIDATES)
def test_its_tuned_model_is_trained_and_exported(
    project: Callable[..., Project], framework: str, tmp_path: Path
) -> None:
    own = project("regression", framework=framework).copy(tmp_path / "project")

    own.run(f"uv run poe tune --model {CANDIDATES[framework]} --trials 2")
    own.run(f"uv run python -m {own.package} train model=tuned")

    training = json.loads((own.path / "reports/training.json").read_text(encoding="utf-8"))
    assert [candidate["name"] for candidate in training["candidates"]] == [CANDIDATES[framework]]


def test_every_framework_but_the_default_is_tried_here() -> None:
    assert [*CANDIDATES] == OPTIONS["framework"][1:]

"""Configuration and DVC agree: what is edited is rerun, what is not is left alone."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from harness.project import Project

ALWAYS = {"configure"}
DESCRIBED = {"document", "gate"}
MEASURED = {"evaluate"} | DESCRIBED
TRAINED = {"train"} | MEASURED
LEARNED = {"prepare"} | TRAINED

EDITS = [
    ("task", "task/classification.yaml", "metric: macro_f1", "metric: accuracy", LEARNED),
    ("schema", "schema.yaml", "range: [25.2, 66.5]", "range: [25.2, 70]", LEARNED),
    ("missing", "data/file.yaml", '"?"', '"?", "unknown"', {"prepare"}),
    ("model", "model/logistic.yaml", "C: 1.0", "C: 0.01", TRAINED),
    ("resamples", "evaluation.yaml", "resamples: 50", "resamples: 60", MEASURED),
    ("limits", "card.yaml", "limits: It learned", "limits: Its model learned", DESCRIBED),
    ("objectives", "objectives.yaml", "at_least: 0.2", "at_least: 0.1", DESCRIBED),
    ("comment", "config.yaml", "# Into how many", "# Into just how many", set()),
    ("monitor", "monitor/builtin.yaml", "minimum_rows: 20", "minimum_rows: 21", set()),
]
"""What is edited, and the stages that depend on it; one whose inputs come out the same is spared."""


@pytest.fixture(scope="module")
def lived(project: Callable[[str], Project], tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a project whose pipeline is quick, has run and is committed."""
    quick = project("classification").copy(tmp_path_factory.mktemp("quick") / "project")
    edit(quick, "config.yaml", "- model: all", "- model: logistic")
    edit(quick, "evaluation.yaml", "resamples: 200", "resamples: 50")
    quick.run("uv run dvc repro")
    quick.commit("Make the pipeline quick")
    return quick


@pytest.fixture
def quick(lived: Project, tmp_path: Path) -> Project:
    return lived.copy(tmp_path / "project")


def edit(project: Project, file: str, old: str, new: str) -> None:
    path = project.path / "conf" / file
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"conf/{file} holds {old!r} {text.count(old)} times"
    path.write_text(text.replace(old, new), encoding="utf-8")


def stages_of_a_run(project: Project) -> set[str]:
    return set(re.findall(r"Running stage '(\w+)'", project.run("uv run dvc repro").stdout))


def training(project: Project) -> dict[str, Any]:
    return json.loads((project.path / "reports/training.json").read_text(encoding="utf-8"))


def candidates(project: Project) -> list[str]:
    return [candidate["name"] for candidate in training(project)["candidates"]]


def test_with_nothing_to_do_only_the_configuration_is_composed(quick: Project) -> None:
    assert stages_of_a_run(quick) == ALWAYS


@pytest.mark.parametrize(
    ("file", "old", "new", "affected"),
    [pytest.param(*case, id=name) for name, *case in EDITS],
)
def test_an_edit_reruns_exactly_the_affected_stages(
    quick: Project, file: str, old: str, new: str, affected: set[str]
) -> None:
    edit(quick, file, old, new)

    assert stages_of_a_run(quick) == ALWAYS | affected


def test_other_rows_are_learned_from_without_a_word(quick: Project) -> None:
    source = quick.path / "data/raw/penguins.csv"
    lines = source.read_text(encoding="utf-8").splitlines(keepends=True)
    source.write_text("".join(lines[:-20]), encoding="utf-8")

    assert stages_of_a_run(quick) == ALWAYS | LEARNED


def test_model_of_an_edited_configuration_has_the_edited_settings(quick: Project) -> None:
    edit(quick, "model/logistic.yaml", "C: 1.0", "C: 0.01")

    quick.run("uv run dvc repro train")

    assert training(quick)["parameters"]["_args_"][1]["C"] == 0.01


def test_experiment_trains_with_its_overrides_and_leaves_none_behind(quick: Project) -> None:
    quick.run("uv run dvc exp run -S model=forest -S seed=7")
    assert (candidates(quick), training(quick)["seed"]) == (["forest"], 7)

    quick.run("uv run dvc repro train")
    assert (candidates(quick), training(quick)["seed"]) == (["logistic"], 42)


def test_queued_sweep_gives_an_experiment_per_setting(quick: Project) -> None:
    quick.run("uv run dvc exp run --queue -S evaluation.resamples=60,70")
    quick.run("uv run dvc exp run --run-all")

    kept = quick.run("git for-each-ref --format %(objectname) refs/exps").stdout.split()
    cards = [quick.run(f"git show {experiment}:MODEL_CARD.md").stdout for experiment in kept]
    told = [found for card in cards for found in re.findall(r"(\d+) bootstrap resamples", card)]
    assert sorted(told) == ["60", "70"]


def test_stage_alone_takes_overrides(quick: Project) -> None:
    quick.run(f"uv run python -m {quick.package} train model=forest")

    assert candidates(quick) == ["forest"]

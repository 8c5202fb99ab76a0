"""An answer that is changed later gives the project that would have been generated with it."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from copier import run_copy
from harness.command import run
from harness.git import begin, commit
from harness.releases import update
from harness.rendered import differences, read_answers
from harness.updates import bring
from harness.variants import OPTIONS, SWITCHES


@pytest.fixture(scope="module")
def generated(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project with the default answers, generated from the release and committed."""
    path = tmp_path_factory.mktemp("generated") / "project"
    run_copy(str(repository), path, defaults=True, quiet=True)
    _start(path)
    return path


@pytest.mark.parametrize("switch", SWITCHES)
def test_changed_answer_gives_what_generating_with_it_gives_and_back(
    generated: Path, render: Callable[..., Path], tmp_path: Path, switch: str
) -> None:
    project = shutil.copytree(generated, tmp_path / "project")
    answers = SWITCHES[switch]
    expected = render(answers)

    _change(project, answers)

    assert differences(project, expected) == [".copier-answers.yml"]
    assert _answers(project) == _answers(expected)
    assert differences(project, generated) != [".copier-answers.yml"]

    _change(project, {question: OPTIONS[question][0] for question in answers})

    assert differences(project, generated) == []


def test_answer_that_would_make_no_sense_is_refused_and_changes_nothing(
    repository: Path, tmp_path: Path
) -> None:
    answers = {"orchestrator": "kubeflow", "storage": "s3"}
    project = tmp_path / "project"
    run_copy(str(repository), project, data=answers, defaults=True, quiet=True)
    _start(project)

    refused = update(project, "--data", "storage=local")

    assert refused.returncode == 2
    assert "make no sense together" in refused.stdout
    assert run("git status --porcelain", project).stdout == ""


def _change(project: Path, answers: Mapping[str, str]) -> None:
    """Change answers and commit that."""
    merged = bring(project, *(f"{name}={answer}" for name, answer in answers.items()))
    assert merged.conflicts == {}
    commit(project)


def _start(project: Path) -> None:
    begin(project)
    commit(project)


def _answers(project: Path) -> Mapping[str, Any]:
    """Return what was answered, without where the template came from."""
    remembered = read_answers(project)
    return {name: value for name, value in remembered.items() if not name.startswith("_")}

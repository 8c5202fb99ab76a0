"""A project of any older version becomes, with all that people did to it, what is generated today."""

import shutil
from collections.abc import Callable
from itertools import cycle
from pathlib import Path

import pytest
from copier import run_copy
from harness import older, releases
from harness.command import run
from harness.git import begin, commit
from harness.once import once
from harness.project import start
from harness.released import released
from harness.rendered import differences, rendered
from harness.updates import bring
from harness.variants import VARIANTS

PACKAGE = "penguin_species"
# Each variant with one of the versions, and each version with several variants.
PAIRS = list(zip(VARIANTS, cycle([*older.OLDER, *released()])))
# One of each version, and of each task, whose pipeline is run. Its files are those of a project of
# today: the tests are run where some had other names, by which the code of people imports them.
CHECKS = {
    "v0.0.1": ("classification", ["lint", "pipeline"]),
    "v0.0.2": ("regression", ["lint", "pipeline", "test"]),
    "v0.0.3": ("forecasting", ["lint", "pipeline"]),
}


@pytest.fixture(scope="session")
def history(template: Path, shared: Path) -> Path:
    """Return the template with its past, and today as its newest release."""
    return once(shared / "history", lambda path: older.history(template, path))


@pytest.mark.parametrize(
    ("variant", "version"), PAIRS, ids=[f"{version}-{variant}" for variant, version in PAIRS]
)
def test_update_gives_what_is_generated_today_with_the_same_edits(
    history: Path,
    template: Path,
    render: Callable[..., Path],
    tmp_path: Path,
    variant: str,
    version: str,
) -> None:
    answers = {"project_name": "Penguin Species", **VARIANTS[variant]}
    project = _lived(history, tmp_path / "project", answers, version)
    asked_since = ("deployment", "drift_report") if version == "v0.0.1" else ()

    merged = bring(project, *(f"{name}={answers[name]}" for name in asked_since))

    assert merged.conflicts == {}
    expected = rendered(template, render(answers))
    older.edit(expected.path, PACKAGE, older.NEWEST)
    others = {*differences(project, expected.path)} - {".copier-answers.yml"}
    assert [name for name in others if expected.tables.owners_of(name) == ["managed"]] == []
    # What people own stays as they have it, whatever the template has there today.
    assert others.isdisjoint(run("git diff --name-only HEAD", project).stdout.splitlines())


@pytest.mark.parametrize("version", CHECKS)
def test_updated_project_is_as_green_as_a_new_one(
    history: Path, environments: Path, tmp_path: Path, version: str
) -> None:
    task, checks = CHECKS[version]
    answers = {"project_name": "Penguin Species", "task": task}
    path = _lived(history, tmp_path / "project", answers, version)
    assert releases.update(path).returncode == 0
    shutil.rmtree(path / ".git")

    project = start(path, environments)

    for check in checks:
        project.run(f"uv run poe {check}")


def _lived(history: Path, path: Path, answers: dict[str, str], version: str) -> Path:
    """Return a project of a version that people have worked on, committed."""
    run_copy(str(history), path, data=answers, vcs_ref=version, defaults=True, quiet=True)
    begin(path)
    commit(path)
    older.edit(path, PACKAGE, version)
    commit(path)
    return path

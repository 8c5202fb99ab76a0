"""Updates made in this process, for tests that make many: programs start once, and what is rendered is the same.

The command itself is what `releases.update` runs.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from copier import run_recopy
from updating.git import Repository
from updating.landing import hand_over, write
from updating.merging import Merge
from updating.plan import prepare
from updating.project import Project
from updating.template import Template


def bring(path: Path, *data: str) -> Merge:
    """Bring the newest release, or other answers as NAME=ANSWER, into a project; return what became of its files."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr("updating.rendering.copier", _copier)
        project = Project.open(path)
        template = Template.fetch(project.address, Path(folder, "template"), project.source)
        merged = prepare(project, template, Path(folder), data=data).merged
        put(merged, project.repository)
    return merged


def put(merged: Merge, repository: Repository) -> None:
    """Do what `land` does, without a process that is out of reach."""
    hand_over(merged.scratch, repository)
    write(repository, merged.tree, merged.stages)


def _copier(_version: str, data: Sequence[str], *arguments: str) -> None:
    answers = dict(pair.split("=", 1) for pair in data)
    run_recopy(Path(arguments[-1]), data=answers, defaults=True, overwrite=True, quiet=True)

"""Whatever people do to a project, an update leaves it in its place, or shows it in a conflict."""

import difflib
import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import yaml
from copier import run_copy
from harness.git import commit
from harness.histories import EDITS, History, Merged, lost
from harness.releases import FILES, JOB, Releases
from harness.updates import put
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from updating.merging import merge
from updating.project import Project, read_answers
from updating.rendering import leave_what_is_theirs

HISTORIES = int(os.environ.get("HISTORIES", "400"))
ROUNDS = 4
# Others each day: what only certain histories show comes to light some day.
TODAY = date.today().toordinal()

_OPTIONS = FILES["setup.cfg"].splitlines(keepends=True)
_MODEL = FILES["src/model.py"]
NEXT = {
    ".gitignore.jinja": "/cache\n/logs\n",
    "added.py": "import added\n",
    "cache/new.txt": "of the template\n",
    "docs/guide.md": "# Guide\n\nRead this.\n",
    "picture.bin": b"\x00\x01second",
    "readme.md.jinja": "# {{ name }}\n\nHow to begin.\n\nWhat it is.\n\nHow to go on.\n",
    "run.sh": None,
    # Some lines changed, some gone, some new, and a block that has moved to the end.
    "setup.cfg": "".join(
        [
            *(*_OPTIONS[:4], "option_4 = four\n", *_OPTIONS[5:9], *_OPTIONS[11:15], "more = 1\n"),
            *(*_OPTIONS[20:], *_OPTIONS[15:20]),
        ]
    ),
    "src/model.py": None,
    "src/steps.py": _MODEL.replace("return 5", "return 5 + 1"),
    "workflow.yml": "jobs:\n"
    + "".join(JOB.format(name=name) for name in ("audit", "lint", "types", "build", "test")),
}
"""What the second release changes: of each kind of change one."""

RENAMES = {"src/model.py": "src/steps.py"}
MOVED = {
    line[2:].strip()
    for name in ("setup.cfg", "workflow.yml")
    for line in difflib.ndiff(FILES[name].splitlines(), NEXT[name].splitlines())
    if line[0] in "+-"
}


@pytest.fixture(scope="module")
def versions(first_release: Releases, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a project, and what both versions of its template render."""
    folder = tmp_path_factory.mktemp("versions")
    releases = first_release.copy(folder / "template")
    releases.release("v1.1.0", NEXT)
    shutil.rmtree(releases.project(folder / "project") / ".git/hooks")
    for name, tag in (("old", "v1.0.0"), ("new", "v1.1.0")):
        run_copy(str(releases.path), folder / name, vcs_ref=tag, defaults=True, quiet=True)
    return folder


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_nothing_that_a_person_did_is_lost(versions: Path, turn: int) -> None:
    edits = st.lists(st.tuples(st.sampled_from(sorted(EDITS)), st.integers(0, 10**9)), max_size=8)

    @seed(TODAY * ROUNDS + turn)
    @settings(
        max_examples=HISTORIES // ROUNDS,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(edits)
    def holds(edits: list[tuple[str, int]]) -> None:
        with tempfile.TemporaryDirectory(dir=versions) as folder:
            assert list(_lost(versions, Path(folder), edits)) == []

    holds()


@pytest.mark.parametrize("kind", ["append", "change", "delete file", "draw picture", "indent"])
def test_update_that_overwrites_is_found_out(versions: Path, tmp_path: Path, kind: str) -> None:
    history = _lived(versions, tmp_path, [(kind, 3)])
    before = history.texts()

    shutil.copytree(versions / "old", history.project, dirs_exist_ok=True)

    assert list(lost(history, before, Merged(history.texts(), {}, {}, MOVED)))


def _lost(versions: Path, folder: Path, edits: list[tuple[str, int]]) -> Iterator[str]:
    """Live one history, update the project, and say what is lost."""
    history = _lived(versions, folder, edits)
    before = history.texts()

    for name in ("old", "new"):
        shutil.copytree(versions / name, folder / name)
    project = Project.open(history.project)
    settings = yaml.safe_load((versions / "template/copier.yml").read_text())
    answers = read_answers((folder / "new/.copier-answers.yml").read_text())
    leave_what_is_theirs(project, settings, answers, folder)
    merged = merge(project, folder, label="template")
    put(merged, project.repository)

    moved = {name: to for name, to in RENAMES.items() if name not in history.renamed.values()}
    yield from lost(history, before, Merged(history.texts(), merged.conflicts, moved, MOVED))


def _lived(versions: Path, folder: Path, edits: list[tuple[str, int]]) -> History:
    """Copy the project, edit it, and commit that."""
    history = History(shutil.copytree(versions / "project", folder / "project"))
    for kind, where in edits:
        history.edit(kind, where)
    commit(history.project)
    return history

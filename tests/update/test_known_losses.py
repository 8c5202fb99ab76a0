"""Six edits that a plain `copier update` loses or misplaces, and the project's own command keeps.

The first half of each test fails on the day on which Copier mends it: then the case may go.
"""

import shutil
from pathlib import Path

from copier import run_update
from harness.command import run
from harness.git import commit
from harness.releases import JOB, Releases, update

MINE = "my own line"


def test_edit_of_a_file_that_the_template_removed(releases: Releases, tmp_path: Path) -> None:
    project = releases.project(tmp_path / "project")
    _append(project / "setup.cfg")
    releases.release("v1.1.0", {"setup.cfg": None})

    assert MINE not in _after_plain_update(project)
    assert update(project).returncode == 1
    assert MINE in (project / "setup.cfg").read_text()
    assert "DU setup.cfg" in _status(project) or "UD setup.cfg" in _status(project)


def test_edit_of_a_file_that_the_template_renamed(releases: Releases, tmp_path: Path) -> None:
    project = releases.project(tmp_path / "project")
    _append(project / "setup.cfg")
    text = (releases.path / "template/setup.cfg").read_text()
    releases.release("v1.1.0", {"setup.cfg": None, "settings/tool.cfg": text})

    assert MINE not in _after_plain_update(project)
    assert update(project).returncode == 0
    assert MINE in (project / "settings/tool.cfg").read_text()
    assert not (project / "setup.cfg").exists()


def test_edit_of_a_file_whose_answer_is_switched_off(releases: Releases, tmp_path: Path) -> None:
    project = releases.project(tmp_path / "project")
    _append(project / "tracking.py")

    assert MINE not in _after_plain_update(project, tracking="none")
    assert update(project, "--data", "tracking=none").returncode == 1
    assert MINE in (project / "tracking.py").read_text()


def test_edit_of_a_picture_that_the_template_changed(releases: Releases, tmp_path: Path) -> None:
    project = releases.project(tmp_path / "project")
    (project / "picture.bin").write_bytes(b"\x00\x01" + MINE.encode())
    commit(project)
    releases.release("v1.1.0", {"picture.bin": b"\x00\x01second"})

    assert MINE not in _after_plain_update(project)
    assert update(project).returncode == 1
    assert MINE.encode() in (project / "picture.bin").read_bytes()
    assert "UU picture.bin" in _status(project)


def test_file_that_comes_where_the_project_ignores_files(
    releases: Releases, tmp_path: Path
) -> None:
    project = releases.project(tmp_path / "project")
    (project / ".gitignore").write_text("/cache\n/reports\n")
    commit(project)
    releases.release("v1.1.0", {"reports/style.css": "body {}\n"})

    plain = shutil.copytree(project, project.with_name("plain"))
    run_update(plain, defaults=True, overwrite=True, quiet=True)
    assert "reports/style.css" not in _committed(plain)
    assert update(project).returncode == 0
    assert "reports/style.css" in _committed(project)


def test_edit_of_one_of_several_blocks_that_look_alike(releases: Releases, tmp_path: Path) -> None:
    project = releases.project(tmp_path / "project")
    workflow = project / "workflow.yml"
    mine = JOB.format(name="types").replace("timeout-minutes: 10", "timeout-minutes: 99")
    workflow.write_text(workflow.read_text().replace(JOB.format(name="types"), mine))
    commit(project)
    more = "".join(JOB.format(name=name) for name in ("audit", "build", "lint"))
    releases.edit("v1.1.0", "workflow.yml", JOB.format(name="lint"), more)

    assert mine not in _after_plain_update(project)
    assert update(project).returncode == 0
    assert mine in workflow.read_text()
    assert workflow.read_text().count("timeout-minutes: 99") == 1


def _append(file: Path) -> None:
    file.write_text(file.read_text() + f"# {MINE}\n")
    commit(file.parent)


def _after_plain_update(project: Path, **answers: str) -> str:
    """Return all text of a copy of the project that Copier has updated by itself."""
    plain = shutil.copytree(project, project.with_name("plain"))
    run_update(plain, data=answers, defaults=True, overwrite=True, quiet=True)
    files = (path for path in plain.rglob("*") if path.is_file() and ".git" not in path.parts)
    return "".join(path.read_bytes().decode(errors="replace") for path in files)


def _status(project: Path) -> str:
    return run("git status --porcelain", project).stdout


def _committed(project: Path) -> list[str]:
    commit(project)
    return run("git ls-files", project).stdout.splitlines()

"""An update that is stopped, wherever it is, has happened as a whole or not at all."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from harness import machine
from harness.command import run
from harness.git import commit
from harness.releases import UPDATE, Releases, snapshot, update, write
from updating import landing
from updating.errors import UpdateError
from updating.git import Repository

KILLS = int(os.environ.get("KILLS", "30"))
ROUNDS = 5
ENDLESS = """
import time
from pathlib import Path
Path(__file__).with_name("begun").touch()
time.sleep(60)
"""
"""A module whose import takes longer than anybody waits."""
SCRIPTS = machine.ROOT / "scripts"
MANY = {f"many/{number}.txt": f"{number}\n" * 50 for number in range(400)}


@pytest.fixture
def project(releases: Releases, tmp_path: Path) -> Path:
    """Return a project with an update of hundreds of files before it, and a conflict."""
    made = releases.project(tmp_path / "project")
    (made / "setup.cfg").write_text("mine = 1\n")
    run("git commit --quiet --all --message Mine", made)
    releases.release("v1.1.0", {**MANY, "setup.cfg": "theirs = 1\n"})
    return made


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_killed_update_is_whole_or_has_not_begun(project: Path, seed: int) -> None:
    draw = random.Random(seed)
    done = shutil.copytree(project, project.with_name("done"))
    started = time.perf_counter()
    assert update(done).returncode == 1
    needed = time.perf_counter() - started
    before, after = _seen(project), _seen(done)
    assert before != after

    for trial in range(KILLS // ROUNDS):
        copy = shutil.copytree(project, project.with_name(f"killed-{trial}"))
        updating = _start(copy)
        if trial % 2:
            time.sleep(draw.uniform(0, needed))
        else:  # where it matters most: while the work tree is written
            _await_landing(copy, updating)
            time.sleep(draw.uniform(0, 0.1))
        os.killpg(updating.pid, signal.SIGKILL)
        updating.wait()
        _await_end_of_landing(copy)

        assert _seen(copy) in (before, after)
        assert not (copy / ".git/index.lock").exists()
        shutil.rmtree(copy)


@pytest.mark.parametrize(
    ("command", "status", "told"),
    [
        ([UPDATE], 2, "template-update: interrupted. Nothing was changed.\n"),
        ([SCRIPTS / "adopt.py", "."], 2, "adopt: interrupted. Nothing was changed.\n"),
        ([SCRIPTS / "fleet.py", "status", "."], 1, "fleet: interrupted. Branches that are there "),
    ],
    ids=["update", "adopt", "fleet"],
)
def test_interruption_while_it_imports_what_it_takes_is_one_sentence(
    tmp_path: Path, command: Sequence[str | Path], status: int, told: str
) -> None:
    (tmp_path / "yaml.py").write_text(ENDLESS, encoding="utf-8")
    starting = _start(tmp_path, *command, PYTHONPATH=str(tmp_path))
    _await(tmp_path, "begun", starting)

    os.killpg(starting.pid, signal.SIGINT)
    said, _ = starting.communicate(timeout=60)

    assert starting.returncode == status
    assert said.startswith(told)
    assert said.count("\n") == 1


@pytest.mark.parametrize("where", ["before", "within"])
def test_interrupted_update_says_what_became_of_it(project: Path, where: str) -> None:
    before = _seen(project)
    updating = _start(project)
    if where == "within":
        _await_landing(project, updating)
    else:
        _await(project.parent, "template-update-*", updating)
    os.killpg(updating.pid, signal.SIGINT)
    told, _ = updating.communicate(timeout=60)

    if where == "within":
        assert updating.returncode == 1
        assert "MM setup.cfg" in _seen(project)[1] or "UU setup.cfg" in _seen(project)[1]
    else:
        assert updating.returncode == 2
        assert told == "template-update: interrupted. Nothing was changed.\n"
        assert _seen(project) == before


def test_full_disk_leaves_all_as_it_was(project: Path, tmp_path: Path) -> None:
    if os.geteuid():
        machine.leave_out("only root can mount a small disk")
    disk = tmp_path / "disk"
    disk.mkdir()
    run(f"mount -t tmpfs -o size=4m none {disk}", tmp_path)
    try:
        small = shutil.copytree(project, disk / "project")
        before = _seen(small)
        free = shutil.disk_usage(disk).free
        # Room for git's objects, and for half of the new files.
        (small / "cache").mkdir()
        (small / "cache/ballast").write_bytes(bytes(free - 2_600_000))

        updated = update(small)

        assert updated.returncode == 2
        assert "Nothing was changed." in updated.stdout
        assert _seen(small) == before
    finally:
        run(f"umount {disk}", tmp_path)


def test_failure_after_files_were_written_puts_all_back(releases: Releases, tmp_path: Path) -> None:
    project = releases.project(tmp_path / "project")
    run("git update-index --assume-unchanged notes.md", project)
    (project / "notes.md").write_text("mine, and git was told not to look\n")
    before = _seen(project)
    repository = Repository(project)
    (project / "run.sh").unlink()
    shutil.rmtree(project / "src")
    write(project / "run.sh/first.sh", "first\n")
    write(project / "src", "all of it\n")
    write(project / "setup.cfg", "theirs = 1\n")
    commit(project)
    tree = repository.git("rev-parse", "HEAD^{tree}").strip()
    run("git reset --quiet --keep HEAD~1", project)
    assert _seen(project) == before

    with pytest.raises(UpdateError, match="update-index"):
        landing.write(repository, tree, "what is no entry\tsetup.cfg\0")

    assert _seen(project) == before


def _start(project: Path, *command: str | Path, **variables: str) -> "subprocess.Popen[str]":
    """Start a command of Python in a folder, the update if none is named."""
    return subprocess.Popen(
        [sys.executable, *(command or (UPDATE,))],
        cwd=project,
        env=machine.environment(TMPDIR=str(project.parent), **variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def _await(folder: Path, pattern: str, started: "subprocess.Popen[str]") -> None:
    while not any(folder.glob(pattern)):
        assert started.poll() is None, "it ended before it could be interrupted"
        time.sleep(0.01)


def _await_landing(project: Path, updating: "subprocess.Popen[str]") -> None:
    while not (project / ".git/index.lock").exists() and updating.poll() is None:
        time.sleep(0.001)


def _await_end_of_landing(project: Path) -> None:
    deadline = time.monotonic() + 60
    while _is_landing(project):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _is_landing(project: Path) -> bool:
    commands = (path / "cmdline" for path in Path("/proc").iterdir() if path.name.isdigit())
    for command in commands:
        try:
            told = command.read_bytes()
        except OSError:  # it has ended meanwhile
            continue
        if b"updating.landing" in told and f"{project}\0".encode() in told:
            return True
    return False


def _seen(project: Path) -> tuple[dict[str, tuple[bytes, int]], str]:
    """Return what a person sees: the files, but for ignored ones, and what git says of them."""
    files = {
        name: seen
        for name, seen in snapshot(project).items()
        if not name.startswith((".git/", "cache/"))
    }
    return files, run("git status --porcelain --untracked-files=all", project).stdout

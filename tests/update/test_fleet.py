"""Many repositories are seen in one table and updated on branches, without touching what people have open."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from harness import machine
from harness.command import run
from harness.git import commit
from harness.releases import Releases, snapshot, write
from harness.waiting import until
from updating.project import name_template

SCRIPT = machine.ROOT / "scripts/fleet.py"


@pytest.fixture(scope="module")
def made(first_release: Releases, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with four projects of two versions; an update of one has a conflict."""
    folder = tmp_path_factory.mktemp("made")
    releases = first_release.copy(folder.with_name("template-of-the-fleet"))
    for name in ("quiet", "busy", "team/edited"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        releases.project(folder / name)
    releases.release("v1.1.0", {"run.sh": "#!/bin/sh\necho new\n", "new.txt": "new\n"})
    releases.project(folder / "current", "v1.1.0")
    write(folder / "busy/run.sh", "#!/bin/sh\necho mine\n")
    commit(folder / "busy")
    write(folder / "team/edited/setup.cfg", "mine = 1\n")
    commit(folder / "team/edited")
    return folder


@pytest.fixture
def fleet(made: Path, tmp_path: Path) -> Path:
    """Return such a folder of the test's own."""
    return shutil.copytree(made, tmp_path / "fleet")


def test_table_tells_version_edits_and_conflicts_of_each(fleet: Path) -> None:
    told = _fleet(fleet, "status")

    assert told.returncode == 1
    rows = {Path(line.split()[0]).name: line.split()[1:] for line in told.stdout.splitlines()[1:]}
    assert rows["quiet"] == ["v1.0.0", "0", "v1.1.0", "0", "0", "can", "be", "updated"]
    assert rows["busy"] == ["v1.0.0", "0", "v1.1.0", "1", "1", "conflicts:", "run.sh"]
    assert rows["edited"] == ["v1.0.0", "0", "v1.1.0", "1", "0", "can", "be", "updated"]
    assert rows["current"] == ["v1.1.0", "0", "v1.1.0", "0", "0", "up", "to", "date"]


def test_status_changes_nothing(fleet: Path) -> None:
    before = snapshot(fleet)

    _fleet(fleet, "status")

    assert snapshot(fleet) == before


def test_each_update_is_one_commit_on_a_branch_beside_what_people_do(fleet: Path) -> None:
    write(fleet / "quiet/unfinished.txt", "not committed\n")

    told = _fleet(fleet, "update")

    assert told.returncode == 1
    for name in ("quiet", "team/edited"):
        project = fleet / name
        branch = "template-update/v1.1.0"
        assert run(f"git show {branch}:new.txt", project).stdout == "new\n"
        assert (
            run(f"git rev-parse {branch}~1", project).stdout
            == run("git rev-parse main", project).stdout
        )
        assert run("git branch --show-current", project).stdout == "main\n"
        assert not (project / "new.txt").exists()
    assert "mine = 1" in run(f"git show {branch}:setup.cfg", fleet / "team/edited").stdout
    assert run("git status --porcelain", fleet / "quiet").stdout == "?? unfinished.txt\n"
    for name in ("busy", "current"):
        assert run("git branch --list template-update/*", fleet / name).stdout == ""

    again = _fleet(fleet, "update")
    assert "The branch template-update/v1.1.0 is there already" in again.stdout


def test_projects_can_be_named_in_a_file(fleet: Path, tmp_path: Path) -> None:
    names = tmp_path / "names.txt"
    names.write_text(f"  # Ours\n{fleet / 'quiet'}\n\n{fleet / 'current'}\n")

    told = _fleet(fleet / "quiet", "status", "--list", str(names))

    assert told.returncode == 0
    assert len(told.stdout.splitlines()) == 3, "a project is told twice"


def test_options_may_stand_before_the_folders(fleet: Path) -> None:
    told = _fleet(Path("--to"), "status", "v1.0.0", str(fleet / "quiet"))

    assert told.returncode == 0
    assert "up to date" in told.stdout


def test_named_folder_without_a_project_is_told_and_stops_no_other(fleet: Path) -> None:
    told = _fleet(fleet / "quiet", "status", str(fleet / "nowhere"))

    assert told.returncode == 1
    [_, nowhere, quiet] = told.stdout.splitlines()
    assert "nowhere has no .copier-answers.yml" in nowhere
    assert "can be updated" in quiet


def test_interruption_ends_it_with_what_is_done(fleet: Path, tmp_path: Path) -> None:
    many = [shutil.copytree(fleet / "quiet", fleet / f"many/{number}") for number in range(9)]
    updating = subprocess.Popen(
        [sys.executable, str(SCRIPT), "update", "--workers", "1", str(fleet / "many")],
        env=machine.environment(TMPDIR=str(tmp_path)),
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    until(lambda: _branches(many), "the first branch", pause=0.02)

    os.killpg(updating.pid, signal.SIGINT)  # as a terminal does to all that run in it
    _, said = updating.communicate(timeout=60)

    assert updating.returncode == 1
    assert said.startswith("fleet: interrupted. Branches that are there are whole")
    assert len(_branches(many)) < 5
    assert not list(tmp_path.glob("fleet-*"))


def test_project_whose_template_is_gone_is_told_and_stops_no_other(fleet: Path) -> None:
    answers = fleet / "quiet/.copier-answers.yml"
    name_template(answers, "/nowhere/at/all", "v1.0.0")
    commit(fleet / "quiet")

    told = _fleet(fleet, "status")

    assert "The template cannot be fetched from /nowhere/at/all" in told.stdout
    assert "up to date" in told.stdout


def test_template_is_asked_for_once_however_many_projects_have_it(
    fleet: Path, tmp_path: Path
) -> None:
    name_template(fleet / "quiet/.copier-answers.yml", "/nowhere/at/all", "v1.0.0")
    commit(fleet / "quiet")
    shutil.copytree(fleet / "quiet", fleet / "as quiet")
    asked, git = tmp_path / "asked", tmp_path / "programs/git"
    write(git, f'#!/bin/sh\necho "$3 $5" >> {asked}\nexec {shutil.which("git")} "$@"\n')
    git.chmod(0o755)

    told = _fleet(fleet, "status", PATH=f"{git.parent}:{machine.environment()['PATH']}")

    assert told.stdout.count("The template cannot be fetched from /nowhere/at/all") == 2
    clones = [line for line in asked.read_text().splitlines() if line.startswith("clone ")]
    assert clones.count("clone /nowhere/at/all") == 1
    assert len(clones) == 2


def test_signed_release_has_its_age_where_git_shows_signatures(
    releases: Releases, tmp_path: Path
) -> None:
    signature = "gpgsig -----BEGIN SSH SIGNATURE-----\n -----END SSH SIGNATURE-----\n\n"
    unsigned = run("git cat-file commit v1.0.0", releases.path).stdout
    write(tmp_path / "signed", unsigned.replace("\n\n", f"\n{signature}", 1))
    signed = run(f"git hash-object -t commit -w {tmp_path / 'signed'}", releases.path).stdout
    run(f"git tag v1.0.1 {signed}", releases.path)
    releases.project(tmp_path / "project", "v1.0.1")
    write(tmp_path / "gitconfig", "[log]\n\tshowSignature = true\n")

    told = _fleet(tmp_path / "project", "status", GIT_CONFIG_GLOBAL=str(tmp_path / "gitconfig"))

    assert told.returncode == 0, told.stderr
    assert told.stdout.splitlines()[1].split()[1:4] == ["v1.0.1", "0", "v1.0.1"]


def test_folder_without_projects_is_one_sentence(tmp_path: Path) -> None:
    told = _fleet(tmp_path, "status")

    assert told.returncode == 1
    assert "No project of the template is in these folders" in told.stderr


def _branches(projects: list[Path]) -> list[Path]:
    """Return the branches of updates that are there."""
    return [found for path in projects for found in path.glob(".git/refs/heads/template-update/*")]


def _fleet(
    folder: Path, command: str, *more: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPT), command, str(folder), *more],
        env=machine.environment(**variables),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

"""A repository that was there before the template takes it in, loses nothing, and updates from then on."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from harness import machine
from harness.command import run
from harness.git import begin, commit
from harness.releases import Releases, snapshot, update, write

SCRIPT = machine.ROOT / "scripts/adopt.py"
THEIRS = {
    "charter.md": "# Our own goals\n",
    "data/rows.csv": "a,b\n1,2\n",
    "readme.md": "# Owls\n\nWhat we count.\n",
    "src/owls.py": "def count():\n    return 3\n",
    "workflow.yml": "jobs:\n  ours:\n    runs-on: ubuntu\n",
}


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """Return a repository with code, a workflow and data of its own."""
    path = tmp_path / "owls"
    for name, content in THEIRS.items():
        write(path / name, content)
    begin(path)
    commit(path)
    return path


def test_nothing_of_theirs_is_overwritten_and_what_meets_is_shown(
    releases: Releases, theirs: Path
) -> None:
    adopted = _adopt(releases, theirs, "--data", "name=Owls")

    assert adopted.returncode == 1
    for name in ("charter.md", "data/rows.csv", "src/owls.py"):
        assert (theirs / name).read_text() == THEIRS[name]
    for name in ("readme.md", "workflow.yml"):
        assert f"{name}: added here and by the template" in adopted.stdout
        text = (theirs / name).read_text()
        assert "<<<<<<< yours\n" in text
        assert ">>>>>>> template-v1.0.0\n" in text
        for line in THEIRS[name].splitlines():
            assert line in text
    assert (theirs / "setup.cfg").exists()


def test_token_in_the_address_is_written_nowhere(releases: Releases, theirs: Path) -> None:
    rewritten = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{releases.path}.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://oauth2:s3cret@git.example.org/team/template.git",
    }

    _adopt(releases, theirs, "--template", rewritten["GIT_CONFIG_VALUE_0"], **rewritten)

    answers = (theirs / ".copier-answers.yml").read_text()
    assert "_src_path: https://git.example.org/team/template.git\n" in answers
    assert run("git grep --cached s3cret", theirs, check=False).stdout == ""


def test_token_in_an_address_without_a_template_is_not_shown(
    releases: Releases, theirs: Path
) -> None:
    refused = _adopt(releases, theirs, "--template", "https://oauth2:s3cret@127.0.0.1:9/template")

    assert refused.returncode == 2
    assert "cannot be fetched from https://127.0.0.1:9/template" in refused.stdout
    assert "s3cret" not in refused.stdout


def test_adopted_repository_takes_the_next_release(releases: Releases, theirs: Path) -> None:
    _adopt(releases, theirs, "--data", "name=Owls")
    for name in ("readme.md", "workflow.yml"):
        write(theirs / name, THEIRS[name])
    commit(theirs)
    releases.release("v1.1.0", {"new.txt": "new\n", "charter.md": "# Other\n"})

    updated = update(theirs)

    assert updated.returncode == 0
    assert (theirs / "new.txt").exists()
    assert (theirs / "charter.md").read_text() == THEIRS["charter.md"]
    assert (theirs / "readme.md").read_text() == THEIRS["readme.md"]


def test_folder_of_a_larger_repository_can_adopt(releases: Releases, theirs: Path) -> None:
    write(theirs / "teams/owls/src/owls.py", "def count():\n    return 4\n")
    commit(theirs)

    adopted = _adopt(releases, theirs / "teams/owls")

    assert adopted.returncode == 0
    changed = run("git status --porcelain", theirs).stdout.splitlines()
    assert "A  teams/owls/.copier-answers.yml" in changed
    assert all(line.startswith("A  teams/owls/") for line in changed)


def test_dry_run_shows_it_and_changes_nothing(releases: Releases, theirs: Path) -> None:
    before = snapshot(theirs)

    adopted = _adopt(releases, theirs, "--dry-run")

    assert "new      setup.cfg" in adopted.stdout
    assert "workflow.yml: added here and by the template" in adopted.stdout
    assert snapshot(theirs) == before


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        ("touch unfinished.txt", "There is work that is not committed"),
        ("rm -r .git", "is in no git repository"),
        ("touch .copier-answers.yml", "has the template already: update it."),
    ],
)
def test_repository_that_cannot_adopt_is_told_why(
    releases: Releases, theirs: Path, spoil: str, told: str
) -> None:
    run(spoil, theirs)
    before = snapshot(theirs)

    adopted = _adopt(releases, theirs)

    assert adopted.returncode == 2
    assert told in adopted.stdout
    assert snapshot(theirs) == before


def test_interruption_at_a_question_is_one_sentence_and_changes_nothing(
    releases: Releases, theirs: Path
) -> None:
    before = snapshot(theirs)
    person, terminal = pty.openpty()
    asking = subprocess.Popen(
        [sys.executable, SCRIPT, theirs, "--template", releases.path],
        env=machine.environment(TERM="xterm"),
        stdin=terminal,
        stdout=terminal,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(terminal)
    seen = ""
    while "Demo" not in seen:  # the answer that is offered
        seen += os.read(person, 1024).decode()

    os.write(person, b"\x03")  # Ctrl-C, where a question takes keys one by one
    _, said = asking.communicate(timeout=60)

    assert asking.returncode == 2
    assert said == "adopt: interrupted. Nothing was changed.\n"
    assert snapshot(theirs) == before


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("--to=v9", "The template has no version v9. Its releases are v1.0.0."),
        ("--data=nmae=Owls", "the template asks no nmae; it asks name, tracking."),
    ],
)
def test_mistake_on_the_command_line_is_one_sentence_and_changes_nothing(
    releases: Releases, theirs: Path, option: str, told: str
) -> None:
    before = snapshot(theirs)

    refused = _adopt(releases, theirs, option)

    assert refused.returncode == 2
    assert told in refused.stdout
    assert snapshot(theirs) == before


def test_folder_that_does_not_exist_is_one_sentence(releases: Releases, tmp_path: Path) -> None:
    refused = _adopt(releases, tmp_path / "nowhere")

    assert refused.returncode == 2
    assert f"There is no folder {tmp_path / 'nowhere'}." in refused.stdout


def _adopt(
    releases: Releases, theirs: Path, *options: str, **variables: str
) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(SCRIPT), str(theirs), "--defaults"]
    return subprocess.run(
        [*command, "--template", str(releases.path), *options],
        env=machine.environment(**variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )

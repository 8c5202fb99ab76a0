"""Generation is pure rendering: repeatable, without trust, and tidy when it is stopped."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from copier import run_copy
from harness import machine, tables
from harness.git import release
from harness.rendered import Variant, differences, read_answers
from jinja2 import UndefinedError

Render = Callable[..., Path]
Started = subprocess.Popen[str]


@pytest.fixture
def copier(repository: Path, tmp_path: Path) -> Callable[..., Started]:
    """Return a function that starts `copier copy` as a person would, into tmp_path / "project"."""
    (tmp_path / "temporary").mkdir()

    def started(*options: str, source: Path = repository) -> Started:
        return subprocess.Popen(
            [machine.tool("copier"), "copy", "--defaults", *options, source, "project"],
            cwd=tmp_path,
            env=machine.environment(TMPDIR=str(tmp_path / "temporary")),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return started


def test_the_same_answers_give_the_same_bytes(defaults: Variant, render: Render) -> None:
    assert differences(defaults.path, render()) == []


def test_nothing_in_the_template_asks_for_trust(template: Path) -> None:
    asking = {"_tasks", "_migrations", "_jinja_extensions", "_secret_questions", "_external_data"}

    assert asking.isdisjoint(tables.read(template))


def test_copier_makes_the_whole_project_from_git(
    copier: Callable[..., Started], defaults: Variant, tmp_path: Path
) -> None:
    process = copier("--data=task=classification")
    _, messages = process.communicate(timeout=60)

    project = tmp_path / "project"
    assert process.returncode == 0, messages
    assert "Traceback" not in messages
    assert "Warning" not in messages
    assert 'cd "project"' in messages
    assert differences(project, defaults.path) == [".copier-answers.yml"]
    assert read_answers(project)["_commit"] == "v1.2.3"
    assert _entries(tmp_path) == {"project", "temporary"}
    assert _entries(tmp_path / "temporary") == set()


def test_files_are_executable_as_they_are_in_git(
    copier: Callable[..., Started], repository: Path, tmp_path: Path
) -> None:
    changed = shutil.copytree(repository, tmp_path / "changed")
    (changed / "template" / "script").write_text("#!/bin/sh\n")
    (changed / "template" / "script").chmod(0o755)
    release(changed, "v1.2.4")

    process = copier(source=changed)
    process.communicate(timeout=60)

    assert process.returncode == 0
    files = [path for path in (tmp_path / "project").rglob("*") if path.is_file()]
    assert [path.name for path in files if os.access(path, os.X_OK)] == ["script"]


def test_a_refused_answer_ends_with_its_sentence_and_leaves_nothing(
    copier: Callable[..., Started], tmp_path: Path
) -> None:
    process = copier("--data=package_name=class")
    _, messages = process.communicate(timeout=60)

    assert process.returncode != 0
    assert messages.splitlines()[-1].endswith(
        "'class' is a Python keyword and cannot be imported: add a word, such as class_model."
    )
    assert _entries(tmp_path) == {"temporary"}
    assert _entries(tmp_path / "temporary") == set()


def test_an_error_while_rendering_leaves_no_half_project(template: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(template, broken)
    (broken / "template" / "zzz.txt.jinja").write_text("{{ no_such_answer }}")

    with pytest.raises(UndefinedError, match="no_such_answer"):
        run_copy(str(broken), tmp_path / "project", defaults=True, quiet=True)

    assert _entries(tmp_path) == {"broken"}


def test_an_interrupted_generation_is_completed_by_the_next_one(
    copier: Callable[..., Started], defaults: Variant, tmp_path: Path
) -> None:
    # Copier clears up after errors, but not after Ctrl+C: what it then leaves has to be mendable.
    project = tmp_path / "project"
    messages = _interrupted(copier, project)
    assert "Execution stopped by user" in messages
    assert "Traceback" not in messages
    assert _entries(tmp_path / "temporary") == set()
    assert differences(project, defaults.path) != [".copier-answers.yml"], "it was not half-way"

    again = copier("--overwrite")
    again.communicate(timeout=60)

    assert again.returncode == 0
    assert differences(project, defaults.path) == [".copier-answers.yml"]


def _interrupted(copier: Callable[..., Started], project: Path) -> str:
    """Press Ctrl+C as soon as the first files are there; one that was too late is tried again."""
    for _ in range(10):
        shutil.rmtree(project, ignore_errors=True)
        process = copier()
        while not (_entries(project) if project.exists() else None):
            assert process.poll() is None, "it ended before it could be interrupted"
            time.sleep(0.001)
        process.send_signal(signal.SIGINT)
        _, messages = process.communicate(timeout=60)
        if process.returncode:
            return messages
    raise AssertionError("ten generations ended before they could be interrupted")


def _entries(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}

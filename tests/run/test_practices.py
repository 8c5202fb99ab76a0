"""The commands of the page of practices show what they are said to show."""

import re
from collections.abc import Callable
from pathlib import Path

from harness import machine
from harness.practices import PAGE, commands
from harness.project import Project

ELSEWHERE = re.compile(
    r"pytest|poe (check|test|pipeline|serve|tune)|dvc exp|pre-commit|docker build"
)
"""What each project is put through by other tests here: it takes minutes, a model or a network."""


def test_commands_of_the_page_run_as_they_are_printed_and_change_nothing(
    project: Callable[..., Project], tmp_path: Path
) -> None:
    machine.require_compose()
    fresh = project("classification").copy(tmp_path / "project")
    fresh.run(f"uv run dvc remote modify storage url {tmp_path}/storage")
    fresh.commit("Name the storage")
    printed = commands((fresh.path / PAGE).read_text(encoding="utf-8"))
    here = [command for command in printed if not ELSEWHERE.search(command)]

    told = {command: _without_echo(fresh.run(command).stdout) for command in here}

    assert len(told) > 10
    # The example has nothing to fetch; what else shows nothing is no proof.
    assert [c for c, text in told.items() if not text] == ["uv run poe fetch --newest"]
    assert fresh.run("git status --porcelain").stdout == ""


def _without_echo(printed: str) -> str:
    return re.sub(r"^Poe => .*\n", "", printed, flags=re.MULTILINE).strip()

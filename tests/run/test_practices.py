"""The commands of the page of practices show what they are said to show."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import machine
from harness.practices import PAGE, commands
from harness.project import Project
from harness.runbooks import BLOCK

ELSEWHERE = re.compile(
    r"pytest|poe (check|test|types|pipeline|serve|tune)|uv sync|dvc exp|pre-commit|docker build"
)
"""What each project is put through by other tests here: it takes minutes, a model or a network."""
AGENTS = "AGENTS.md"
ROWS = {"regression": "data/test.parquet", "forecasting": "data/raw/co2.csv"}


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


@pytest.mark.parametrize("task", ["regression", "forecasting"])
def test_commands_for_agents_end_well_and_leave_a_finished_project_as_it_is(
    project: Callable[..., Project], tmp_path: Path, task: str
) -> None:
    finished = project(task).copy(tmp_path / "project")
    blocks = BLOCK.findall((finished.path / AGENTS).read_text(encoding="utf-8"))
    printed = "".join(blocks).splitlines()
    here = [command for command in printed if not ELSEWHERE.search(command)]

    for command in here:
        finished.run(command)

    assert [*map(str.split, here)][-2:] == [
        ["uv", "run", "poe", "schema"],
        ["uv", "run", "poe", "monitor", ROWS[task]],
    ]
    assert finished.run("git status --porcelain").stdout == ""


def _without_echo(printed: str) -> str:
    return re.sub(r"^Poe => .*\n", "", printed, flags=re.MULTILINE).strip()

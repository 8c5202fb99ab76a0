"""The commands that a project's runbooks print, and a person who types them."""

import re
import shlex
from pathlib import Path

from harness import machine
from harness.command import run
from harness.project import Project

BLOCK = re.compile(r"^ *```bash\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


def printed_blocks(project: Project, page: str, heading: str) -> list[str]:
    """Return the commands that a page prints below a heading, those of each block by themselves."""
    text = (project.path / "docs/runbooks" / page).read_text(encoding="utf-8")
    [section] = re.findall(rf"^#+ {heading}\n(.*?)(?=^#+ |\Z)", text, re.MULTILINE | re.DOTALL)
    blocks = [
        re.sub(r"^   (?! )", "", block, flags=re.MULTILINE) for block in BLOCK.findall(section)
    ]
    assert blocks, f"{page} prints no commands below {heading}"
    return blocks


def printed_commands(project: Project, page: str, heading: str) -> str:
    """Return all commands that a page prints below a heading."""
    return "\n".join(printed_blocks(project, page, heading))


def type_in(commands: str, folder: Path, answers: str = "", **variables: str) -> str:
    """Run commands as a person types them, and return what they printed.

    answers   what the person types when the commands ask
    Raises AssertionError with what the commands printed if one fails.
    """
    if "curl " in commands:
        machine.require("curl", "runbooks ask the service by it")
    told = f"exec <<< {shlex.quote(answers)}\n{commands}"
    typed = shlex.join(["bash", "-euo", "pipefail", "-c", told])
    return run(typed, folder, timeout=600, **variables).stdout

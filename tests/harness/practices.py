"""The page of a project that maps each practice to its place and to a command."""

import re

PAGE = "docs/practices.md"
COMMAND = re.compile(r"`([^`]+)`")
_ROW = re.compile(r"^\| (.+) \| (.+) \| (.+) \|$", re.MULTILINE)


def practices(page: str) -> list[tuple[str, str, str]]:
    """Return each practice that the page names, with its place and what shows it."""
    told, systems, _ = page.partition("\n## Systems\n")
    assert systems, "the page has no heading Systems, below which rows mean something else"
    return [row for row in _ROW.findall(told) if row[0] not in ("Practice", "---")]


def commands(page: str) -> list[str]:
    """Return the commands that the page prints, each once."""
    return list(dict.fromkeys(one for row in practices(page) for one in COMMAND.findall(row[2])))

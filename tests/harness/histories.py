"""What people do to a project between two versions of its template, and what must be left of it afterwards."""

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness.releases import write

BINARY = ("picture.bin",)


@dataclass
class History:
    """A person's edits of one project, and what they must still find of them."""

    project: Path
    lines: dict[str, str] = field(default_factory=dict)
    """Each line of theirs, which no other is like, with the file that it stands in."""
    contents: dict[str, bytes] = field(default_factory=dict)
    """What is no text, and ignored files."""
    deleted: set[str] = field(default_factory=set)
    executable: set[str] = field(default_factory=set)
    renamed: dict[str, str] = field(default_factory=dict)
    """New path of each renamed file, with the path that it came with."""
    original: dict[str, list[str]] = field(default_factory=dict)
    """The lines of each text file as the template gave them."""

    def __post_init__(self) -> None:
        self.original = self.texts()

    def texts(self) -> dict[str, list[str]]:
        """Return the lines of each text file, with their ends."""
        return {name: self.read(name) for name in self.files()}

    def edit(self, kind: str, seed: int) -> None:
        """Do one thing somewhere: `seed` says where."""
        EDITS[kind](self, random.Random(seed))

    def files(self) -> list[str]:
        """The text files that are there."""
        listed = (path for path in sorted(self.project.rglob("*")) if path.is_file())
        names = (path.relative_to(self.project).as_posix() for path in listed)
        return [
            name
            for name in names
            if not name.startswith((".git/", "cache/"))
            and name not in (*BINARY, ".copier-answers.yml")
        ]

    def pick(self, draw: random.Random) -> str:
        """Choose a text file."""
        return draw.choice(self.files())

    def read(self, name: str) -> list[str]:
        """Return a file's lines, with their ends."""
        return (self.project / name).read_bytes().decode().splitlines(keepends=True)

    def write(self, name: str, lines: list[str]) -> None:
        """Write a file, and note which lines of this person are in it."""
        write(self.project / name, "".join(lines).encode())
        self._forget(name)
        for line in lines:
            if "mine-" in line:
                self.lines[line.strip()] = name

    def _forget(self, name: str) -> None:
        self.lines = {line: file for line, file in self.lines.items() if file != name}

    def new_line(self, draw: random.Random) -> str:
        """Return a line that no other is like."""
        return f"mine-{draw.randrange(10**9)} = 1\n"


def _append(history: History, draw: random.Random) -> None:
    name = history.pick(draw)
    lines = history.read(name)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    history.write(name, [*lines, history.new_line(draw)])


def _insert(history: History, draw: random.Random) -> None:
    name = history.pick(draw)
    lines = history.read(name)
    lines.insert(draw.randint(0, len(lines)), history.new_line(draw))
    history.write(name, lines)


def _change(history: History, draw: random.Random) -> None:
    name = history.pick(draw)
    if lines := history.read(name):
        lines[draw.randrange(len(lines))] = history.new_line(draw)
    history.write(name, lines)


def _delete_lines(history: History, draw: random.Random) -> None:
    name = history.pick(draw)
    lines = history.read(name)
    start = draw.randint(0, len(lines))
    history.write(name, lines[:start] + lines[start + draw.randint(1, 4) :])


def _delete_file(history: History, draw: random.Random) -> None:
    name = history.pick(draw)
    (history.project / name).unlink()
    history._forget(name)
    history.executable.discard(name)
    # What they had added themselves was never the template's: it may well come from there.
    if name in history.original and name not in history.renamed:
        history.deleted.add(name)


def _rename(history: History, draw: random.Random) -> None:
    name = history.pick(draw)
    to = draw.choice(
        [f"moved/{name}", f"{name}.new", f"mine/{draw.randrange(1000)}/{Path(name).name}"]
    )
    if (history.project / to).exists():
        return
    lines = history.read(name)
    (history.project / to).parent.mkdir(parents=True, exist_ok=True)
    (history.project / name).rename(history.project / to)
    history.write(to, lines)
    if name in history.executable:
        history.executable.remove(name)
        history.executable.add(to)
    history.renamed[to] = history.renamed.pop(name, name)


def _move_block(history: History, draw: random.Random) -> None:
    name = history.pick(draw)
    lines = history.read(name)
    start = draw.randint(0, len(lines))
    block = lines[start : start + draw.randint(1, 6)]
    rest = lines[:start] + lines[start + len(block) :]
    place = draw.randint(0, len(rest))
    history.write(name, rest[:place] + block + rest[place:])


def _indent(history: History, draw: random.Random) -> None:
    name = history.pick(draw)
    lines = history.read(name)
    start = draw.randint(0, len(lines))
    end = start + draw.randint(1, 8)
    history.write(
        name, [f"    {line}" if start <= at < end else line for at, line in enumerate(lines)]
    )


def _reformat(history: History, draw: random.Random) -> None:
    name = history.pick(draw)
    history.write(
        name, [line.replace(" = ", "=").replace("    ", "  ") for line in history.read(name)]
    )


def _carriage_returns(history: History, draw: random.Random) -> None:
    name = history.pick(draw)
    history.write(name, [line.rstrip("\r\n") + "\r\n" for line in history.read(name)])


def _make_executable(history: History, draw: random.Random) -> None:
    name = history.pick(draw)
    (history.project / name).chmod(0o755)
    history.executable.add(name)


def _draw_picture(history: History, draw: random.Random) -> None:
    history.contents["picture.bin"] = b"\x00" + draw.randbytes(8)
    write(history.project / "picture.bin", history.contents["picture.bin"])


def _write_ignored(history: History, draw: random.Random) -> None:
    name = f"cache/{draw.choice(['kept.txt', 'new.txt', 'model.bin'])}"
    history.contents[name] = draw.randbytes(8)
    write(history.project / name, history.contents[name])


def _add(history: History, draw: random.Random) -> None:
    name = draw.choice(["added.py", "docs/guide.md", "src/own.py", "own/readme.md"])
    lines = history.read(name) if (history.project / name).exists() else []
    history.write(name, [*lines, history.new_line(draw)])
    history.deleted.discard(name)


EDITS: dict[str, Callable[[History, random.Random], None]] = {
    "append": _append,
    "insert": _insert,
    "change": _change,
    "delete lines": _delete_lines,
    "delete file": _delete_file,
    "rename": _rename,
    "move block": _move_block,
    "indent": _indent,
    "reformat": _reformat,
    "carriage returns": _carriage_returns,
    "make executable": _make_executable,
    "draw picture": _draw_picture,
    "write ignored file": _write_ignored,
    "add": _add,
}
"""The kinds of edits."""


def lost(history: History, before: Mapping[str, list[str]], merged: "Merged") -> Iterator[str]:
    """Say of each thing that the person did and that is neither in its place nor in a visible conflict.

    before  the lines of each text file as this person left it
    """
    for line, name in history.lines.items():
        if not any(line in "".join(lines) for lines in merged.texts.values()):
            yield f"{line} of {name} is gone"
    for name, lines in before.items():
        if not merged.is_conflict(name):
            original = history.original.get(history.renamed.get(name, name), [])
            yield from _lost_lines(name, original, lines, merged)
    for name, content in history.contents.items():
        if (history.project / name).read_bytes() != content and not merged.is_conflict(name):
            yield f"{name} is overwritten"
    for name in history.deleted:
        if (history.project / name).exists() and not merged.is_conflict(name):
            yield f"{name} is back"
    for name in history.executable:
        path = history.project / merged.path_of(name)
        if not merged.is_conflict(name) and not (path.exists() and os.access(path, os.X_OK)):
            yield f"{name} is not executable any more"


def _lost_lines(
    name: str, original: list[str], before: list[str], merged: "Merged"
) -> Iterator[str]:
    after = merged.texts.get(merged.path_of(name), [])
    for line, times in (Counter(before) - Counter(original)).items():
        if after.count(line) < times:
            yield f"{line!r} is not in {name}"
        elif "mine-" in line:
            yield from _misplaced(line, before, after, merged)
    for line in {line for line in original if original.count(line) == 1}.difference(before):
        if line in after and line.strip() not in merged.moved:
            yield f"{line!r} is back in {name}"


def _misplaced(line: str, before: list[str], after: list[str], merged: "Merged") -> Iterator[str]:
    """Say if a line does no longer stand between the lines that it stood between."""
    fixed = [
        (at, found)
        for at, found in enumerate(before)
        if before.count(found) == after.count(found) == 1 and found.strip() not in merged.moved
    ]
    above = [found for at, found in fixed if at < before.index(line)]
    below = [found for at, found in fixed if at > before.index(line)]
    if above and after.index(above[-1]) > after.index(line):
        yield f"{line!r} has come above {above[-1]!r}"
    if below and after.index(below[0]) < after.index(line):
        yield f"{line!r} has come below {below[0]!r}"


@dataclass(frozen=True)
class Merged:
    """A project after its update."""

    texts: dict[str, list[str]]
    conflicts: dict[str, str]
    renames: dict[str, str]
    """Where the template put files."""
    moved: set[str]
    """Lines that the template added, removed or moved."""

    def is_conflict(self, name: str) -> bool:
        """Say whether a file, wherever it is now, is among the conflicts."""
        names = {name, self.path_of(name)}
        return any(path in names or path.partition("~")[0] in names for path in self.conflicts)

    def path_of(self, name: str) -> str:
        """Return where a person's file is now."""
        return self.renames.get(name, name)

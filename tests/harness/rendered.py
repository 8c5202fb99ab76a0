"""A rendered project as files, with what the tables of copier.yml say of them."""

import ast
import configparser
import filecmp
import json
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from harness import tables
from harness.tables import Tables


@dataclass(frozen=True)
class Variant:
    """A rendered project and the tables that it was rendered by."""

    path: Path
    tables: Tables

    @cached_property
    def files(self) -> set[str]:
        """The files on disk."""
        found = (path for path in self.path.rglob("*") if not path.is_dir())
        return {path.relative_to(self.path).as_posix() for path in found}

    @cached_property
    def texts(self) -> dict[str, str]:
        """Every file that holds text, with that text."""
        return {name: (self.path / name).read_bytes().decode() for name in sorted(self.files)}


def rendered(template: Path, path: Path) -> Variant:
    """Return the variant that was rendered from the template into a folder."""
    return Variant(path, Tables(tables.read(template), read_answers(path)))


def read_answers(project: Path) -> dict[str, Any]:
    """Return the answers that a project remembers."""
    remembered: dict[str, Any] = yaml.safe_load(
        (project / ".copier-answers.yml").read_text(encoding="utf-8")
    )
    return remembered


def differences(one: Path, other: Path) -> list[str]:
    """Return the files that differ between two folders, git's own apart, or stand in one only."""
    names = {
        path.relative_to(folder).as_posix()
        for folder in (one, other)
        for path in folder.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }
    _, mismatch, errors = filecmp.cmpfiles(one, other, sorted(names), shallow=False)
    return sorted(mismatch + errors)


def _parse_ini(text: str) -> None:
    configparser.ConfigParser(strict=True).read_string(text)


def _parse_editorconfig(text: str) -> None:
    _parse_ini(re.sub(r"^root = .*\n", "", text))


PARSERS: dict[str, Callable[[str], Any]] = {
    ".yml": yaml.safe_load,
    ".yaml": yaml.safe_load,
    ".toml": tomllib.loads,
    ".json": json.loads,
    ".ipynb": json.loads,
    ".py": ast.parse,
    ".dvc/config": _parse_ini,
    ".editorconfig": _parse_editorconfig,
}


def parse(name: str, text: str) -> Any:
    """Parse a file by its name, if its format is one that can be parsed."""
    parsers = [parser for suffix, parser in PARSERS.items() if name.endswith(suffix)]
    return parsers[0](text) if parsers else None

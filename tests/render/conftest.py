"""One rendered project for each of a few answers, in which any two choices meet."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness import machine, tables
from harness.tables import Tables

COVERING = tables.covering(tables.choices(tables.read(machine.ROOT)))


@dataclass(frozen=True)
class Variant:
    """A rendered project and the tables that it was rendered by."""

    path: Path
    tables: Tables

    @property
    def files(self) -> set[str]:
        """The files on disk."""
        found = (path for path in self.path.rglob("*") if not path.is_dir())
        return {path.relative_to(self.path).as_posix() for path in found}

    @property
    def texts(self) -> dict[str, str]:
        """Every file that holds text, with that text."""
        return {name: (self.path / name).read_bytes().decode() for name in sorted(self.files)}


@pytest.fixture(
    scope="session",
    params=COVERING,
    ids=["-".join(str(answer) for answer in chosen.values()) for chosen in COVERING],
)
def variant(request: pytest.FixtureRequest, template: Path, render: Callable[..., Path]) -> Variant:
    """Return each variant in turn."""
    path = render(request.param)
    return Variant(path, Tables(tables.read(template), read_answers(path)))


def read_answers(project: Path) -> dict[str, Any]:
    """Return the answers that a project remembers."""
    remembered: dict[str, Any] = yaml.safe_load(
        (project / ".copier-answers.yml").read_text(encoding="utf-8")
    )
    return remembered

"""Projects to look at: one for each of a few answers, and parts of one for many answers."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from copier import run_copy
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


@pytest.fixture(scope="session")
def defaults(render: Callable[..., Path]) -> Path:
    """Return the project that the default answers give."""
    return render()


@pytest.fixture(scope="session")
def render_only(
    template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Callable[..., Path]]:
    """Return a function that gives a quick renderer: of those files alone whose name matches."""

    def renderer(*names: str) -> Callable[..., Path]:
        slim = tmp_path_factory.mktemp("slim") / "template"
        shutil.copytree(template, slim)
        for source in [path for path in (slim / "template").rglob("*") if path.is_file()]:
            if not any(source.match(name) for name in names):
                source.unlink()

        def rendered(answers: dict[str, Any]) -> Path:
            path = tmp_path_factory.mktemp("part") / "project"
            run_copy(str(slim), path, data=answers, defaults=True, quiet=True)
            return path

        return rendered

    return renderer


def read_answers(project: Path) -> dict[str, Any]:
    """Return the answers that a project remembers."""
    remembered: dict[str, Any] = yaml.safe_load(
        (project / ".copier-answers.yml").read_text(encoding="utf-8")
    )
    return remembered

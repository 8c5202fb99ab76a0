"""Projects to look at: one for each of a few answers, and parts of one for many answers."""

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from copier import run_copy
from harness import machine, tables
from harness.once import once
from harness.rendered import Variant, rendered
from harness.variants import each

SETTINGS = tables.read(machine.ROOT)
# What only certain combinations get wrong comes to light some day: the sample is another one each day.
TODAY = date.today().toordinal()
ANSWERS = {
    tables.title(answers): answers
    for answers in (
        *tables.covering(SETTINGS, list(tables.choices(SETTINGS)), strength=3),
        *tables.sample(SETTINGS, 20, TODAY),
    )
}


@pytest.fixture(scope="session", params=each(ANSWERS))
def variant(
    request: pytest.FixtureRequest, template: Path, render: Callable[..., Path], shared: Path
) -> Variant:
    """Return each variant in turn."""
    folder = shared / "rendered" / request.param
    return rendered(template, once(folder, lambda path: render(ANSWERS[request.param], path)))


@pytest.fixture(scope="session")
def defaults(template: Path, render: Callable[..., Path]) -> Variant:
    """Return the project that the default answers give."""
    return rendered(template, render())


@pytest.fixture(scope="session")
def render_only(
    template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Callable[..., Path]]:
    """Return a function that gives a quick renderer: of the files alone that are wanted."""

    def renderer(wanted: Callable[[Path], bool]) -> Callable[..., Path]:
        slim = tmp_path_factory.mktemp("slim") / "template"
        shutil.copytree(template, slim)
        for source in [path for path in (slim / "template").rglob("*") if path.is_file()]:
            if not wanted(source):
                source.unlink()

        def render(answers: dict[str, Any]) -> Path:
            path = tmp_path_factory.mktemp("part") / "project"
            run_copy(str(slim), path, data=answers, defaults=True, quiet=True)
            return path

        return render

    return renderer

"""What a person does to a generated project's files, and what a command that is refused leaves of them."""

import re
import shutil
from pathlib import Path

import yaml

from harness.project import Project


def configure(project: Project, file: str, **settings: str) -> None:
    """Edit lines of a file in conf/, as a person does."""
    path = project.path / "conf" / file
    text = path.read_text(encoding="utf-8")
    for key, value in settings.items():
        text, found = re.subn(rf"(?m)^(\s*(?:- )?{key}): .*$", rf"\1: {value}", text)
        assert found == 1, f"conf/{file} has {found} lines for {key}"
    path.write_text(text, encoding="utf-8")


def move_last_rows(table: Path, to: Path, count: int) -> None:
    """Move the last rows of a CSV file to a new one; read one after the other, they are what they were."""
    header, *rows = table.read_text(encoding="utf-8").splitlines(keepends=True)
    to.parent.mkdir(exist_ok=True)
    table.write_text("".join([header, *rows[:-count]]), encoding="utf-8")
    to.write_text("".join([header, *rows[-count:]]), encoding="utf-8")


def drop_first_rows(table: Path, count: int) -> None:
    """Drop the first rows of a CSV file."""
    header, *rows = table.read_text(encoding="utf-8").splitlines(keepends=True)
    table.write_text("".join([header, *rows[count:]]), encoding="utf-8")


def import_table(project: Project, table: str, source: Path) -> None:
    """Move a table of a project to a place outside of it, and have DVC import it from there."""
    shutil.move(project.path / table, source)
    project.run(f"git rm --quiet --cached {table}")
    project.run(f"uv run dvc import-url --quiet {source} {table}")


def demand_the_impossible(file: Path) -> None:
    """Have an objective that no model reaches: in conf/objectives.yaml, or in the settings of a run."""
    settings = yaml.safe_load(file.read_text(encoding="utf-8"))
    settings["objectives"]["better_than_baseline"]["at_least"] = 2
    file.write_text(yaml.safe_dump(settings), encoding="utf-8")


def refused(project: Project, command: str, **variables: str) -> str:
    """Return what a command says that ends with 1, without a traceback, and leaves all files alone."""
    before = _contents(project)

    ran = project.run(f"uv run python -m {project.package} {command}", check=False, **variables)

    assert ran.returncode == 1, ran.stdout
    assert "Traceback" not in ran.stdout
    assert _contents(project) == before
    return ran.stdout.strip()


def in_one_sentence(said: str) -> bool:
    """Say whether a message has no second line."""
    return "\n" not in said


def _contents(project: Project) -> dict[str, bytes]:
    folders = ("conf", "data", "models", "reports")
    files = [path for folder in folders for path in (project.path / folder).rglob("*")]
    return {str(path): path.read_bytes() for path in files if path.is_file()}

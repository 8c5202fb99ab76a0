"""What a person does to a generated project's files, and what a command that is refused leaves of them."""

import re
from pathlib import Path

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

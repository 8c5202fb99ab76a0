"""Versions of the template, rendered side by side."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from jinja2.sandbox import SandboxedEnvironment
from pathspec import GitIgnoreSpec

from .errors import UpdateError
from .project import ANSWERS, Project, name_template, read_answers
from .template import Template


def render_both(
    template: Template, project: Project, folder: Path, new: str, data: Sequence[str]
) -> dict[str, Any]:
    """Render the project's version into folder/old and the new one into folder/new; return the new answers.

    What belongs to the project's people is in neither. Raises UpdateError if a version cannot be rendered.
    """
    settings = template.settings(new)
    check_names(data, settings)
    with ThreadPoolExecutor() as both:
        versions = [
            both.submit(_render, template, project.version, project.answers_text, folder / "old", []),
            both.submit(_render, template, new, project.answers_text, folder / "new", data),
        ]
    for version in versions:
        version.result()
    name_template(folder / "old" / ANSWERS, project.address, template.describe(project.version))
    name_template(folder / "new" / ANSWERS, template.address, template.describe(new))
    answers = read_answers((folder / "new" / ANSWERS).read_text(encoding="utf-8"))
    leave_what_is_theirs(project, settings, answers, folder)
    return answers


def check_names(data: Sequence[str], settings: Mapping[str, Any]) -> None:
    """Raise UpdateError if an answer is not written as NAME=ANSWER, or the template asks nothing of its name."""
    asked = [name for name, question in settings.items() if _is_asked(name, question)]
    for pair in data:
        name, equals, _ = pair.partition("=")
        if not equals:
            raise UpdateError(f"--data {pair}: write it as NAME=ANSWER.")
        if name not in asked:
            raise UpdateError(f"--data {pair}: the template asks no {name}; it asks {', '.join(asked)}.")


def _is_asked(name: str, question: Any) -> bool:
    """Say whether an entry of copier.yml is a question to people, and no setting or value that is derived."""
    return not name.startswith("_") and not (isinstance(question, dict) and question.get("when") is False)


def copier(version: str, data: Sequence[str], *arguments: str) -> None:
    """Have Copier render a version; what it asks, it asks on the terminal.

    Raises UpdateError with its last word, and KeyboardInterrupt if somebody interrupts it at a question.
    """
    chosen = [part for pair in data for part in ("--data", pair)]
    command = [sys.executable, "-m", "copier", *arguments, "--quiet", *chosen]
    # Where Copier finds git, it asks it about each file that it writes, which takes longer than writing them all.
    alone = {**os.environ, "PATH": str(Path(sys.executable).parent)}
    ran = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False, env=alone)
    if ran.returncode:
        plain = re.sub(r"\x1b\[[\d;]*m", "", ran.stderr)
        last = (plain.strip().splitlines() or ["Copier was stopped."])[-1]
        if last == "Execution stopped by user":
            raise KeyboardInterrupt
        complaint = re.sub(r"^[\w.]+Error: ", "", last)
        raise UpdateError(f"Version {version} cannot be rendered with these answers: {complaint}")


def leave_what_is_theirs(
    project: Project, settings: Mapping[str, Any], answers: Mapping[str, Any], folder: Path
) -> None:
    """Take out of both versions what people own and what is written only once, but for what comes for the first time.

    Both stand in copier.yml: what only an update leaves out is owned. What is written only once and does not come any
    more, for an answer that has changed, goes as any other file does: if people have not changed it.
    """
    never = _patterns(settings.get("_exclude", []), answers, "copy")
    on_update = _patterns(settings.get("_exclude", []), answers, "update")
    owned = GitIgnoreSpec.from_lines(pattern for pattern in on_update if pattern not in never)
    once = GitIgnoreSpec.from_lines(_patterns(settings.get("_skip_if_exists", []), answers, "update"))
    old, new = _files(folder / "old"), _files(folder / "new")
    present = {path.removeprefix(project.prefix) for path in project.repository.files("HEAD")}
    known = old | present
    theirs = {*owned.match_files(old | new), *once.match_files(new)} & known
    for path in theirs:
        (folder / "old" / path).unlink(missing_ok=True)
        (folder / "new" / path).unlink(missing_ok=True)


def _files(folder: Path) -> set[str]:
    return {file.relative_to(folder).as_posix() for file in folder.rglob("*") if not file.is_dir()}


def _render(template: Template, version: str, answers: str, to: Path, data: Sequence[str]) -> None:
    files = to.with_name(f"{to.name}-template")
    template.write(version, files)
    to.mkdir()
    (to / ANSWERS).write_text(answers, encoding="utf-8")
    name_template(to / ANSWERS, str(files), version)
    copier(version, data, "recopy", "--defaults", "--overwrite", str(to))


def _patterns(entries: Sequence[str], answers: Mapping[str, Any], operation: str) -> list[str]:
    jinja = SandboxedEnvironment()
    context = {**answers, "_copier_operation": operation}
    rendered = (jinja.from_string(entry).render(context) for entry in entries)
    return [line for text in rendered for line in text.splitlines() if line.strip()]

"""An update, worked out before anything of it is done."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import UpdateError
from .merging import Merge, merge
from .project import ANSWERS, Project
from .rendering import render_both
from .template import Template


@dataclass(frozen=True)
class Plan:
    """What an update will do."""

    old: str
    new: str
    news: list[str]
    """Lines that the changelog has gained."""
    answers: list[str]
    """New, changed and dropped answers, a line each."""
    merged: Merge


def prepare(
    project: Project, template: Template, folder: Path, to: str | None = None, data: Sequence[str] = ()
) -> Plan:
    """Work out an update, in a folder that will be thrown away.

    to    version of the template; its newest release if None
    data  answers to change, each as NAME=ANSWER

    Raises UpdateError if a version or an answer cannot be had.
    """
    old = project.version
    if not template.has(old):
        raise UpdateError(
            f"The project has version {old}, which is not in {template.address}. If it was never pushed there, do "
            f"that; else set _commit in {ANSWERS} to the version that is nearest, and commit it."
        )
    new = to or template.newest(old)
    if template.is_newer(old, new):
        raise UpdateError(f"The project has version {old} already, which is newer than {new}.")
    answers = render_both(template, project, folder, new, data)
    return Plan(
        old,
        str(answers["_commit"]),
        template.changes(old, new),
        list(_differences(project.answers, answers, template.settings(new))),
        merge(project, folder, label=f"template-{answers['_commit']}"),
    )


def _differences(
    before: Mapping[str, Any], after: Mapping[str, Any], settings: Mapping[str, Any]
) -> Iterator[str]:
    for name, answer in after.items():
        if name.startswith("_"):
            continue
        if name not in before:
            about = str(settings[name].get("help", "")).split("\n")[0]
            yield f"{name}: {answer}   (new: {about} Change it with --data {name}=ANSWER)"
        elif before[name] != answer:
            yield f"{name}: {answer}   (was {before[name]})"
    for name in before.keys() - after.keys():
        yield f"{name}: no longer asked   (was {before[name]})"

"""An update, worked out before anything of it is done."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import UpdateError
from .merging import Merge, merge
from .project import Project
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
    old, new = project.version, to or template.newest(project.version)
    if template.is_newer(old, new):
        raise UpdateError(f"The project has version {old} already, which is newer than {new}.")
    answers = render_both(template, project, folder, new, data)
    return Plan(
        old,
        str(answers["_commit"]),
        template.changes(old, new),
        list(_differences(project.answers, answers, template.settings(old), template.settings(new))),
        merge(project, folder, label=f"template-{answers['_commit']}"),
    )


def _differences(
    before: Mapping[str, Any], after: Mapping[str, Any], old: Mapping[str, Any], new: Mapping[str, Any]
) -> Iterator[str]:
    for name, answer in after.items():
        if name.startswith("_"):
            continue
        if name not in old:
            about = str(new[name].get("help", "")).split("\n")[0]
            yield f"{name}: {answer}   (new: {about} Change it with --data {name}=ANSWER)"
        elif before.get(name) != answer:
            yield f"{name}: {answer}   (was {before.get(name)})"
    for name in before.keys() - after.keys():
        yield f"{name}: no longer asked   (was {before[name]})"

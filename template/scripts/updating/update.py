"""An update from beginning to end."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from .landing import land
from .plan import Plan, prepare
from .project import Project
from .report import next_steps, show_list, show_merge
from .template import Template, without_credentials


def update(moved_to: str | None, to: str | None, data: Sequence[str], *, dry_run: bool) -> int:
    """Bring a version of the template, or other answers, into the project in this folder; return the exit status.

    moved_to  address of the template, if it is another one than the project knows
    to        version of the template; its newest release if None
    data      answers to change, each as NAME=ANSWER
    dry_run   show what would change, and change nothing

    Raises UpdateError if it cannot be made; nothing has changed then.
    """
    project = Project.open(Path())
    project.check_committed()
    with tempfile.TemporaryDirectory(prefix="template-update-") as folder:
        address = without_credentials(moved_to) if moved_to else project.address
        template = Template.fetch(address, Path(folder, "template"), moved_to or project.source)
        plan = prepare(project, template, Path(folder), to, data)
        _show(plan)
        if dry_run or not plan.merged.changes_anything:
            return 0
        land(plan.merged, project.repository)
    return next_steps(plan.merged)


def _show(plan: Plan) -> None:
    print(f"Template {plan.old} -> {plan.new}" if plan.old != plan.new else f"Template {plan.old}")
    show_list("What is new", plan.news)
    show_list("Answers", plan.answers)
    show_merge(plan.merged)

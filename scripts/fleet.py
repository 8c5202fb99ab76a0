# /// script
# requires-python = ">=3.11"
# dependencies = ["copier>=9.10,<10", "jinja2>=3.1", "packaging>=24", "pathspec>=0.12", "pyyaml>=6"]
# ///
"""See and update many repositories that the template made.

    uv run --script scripts/fleet.py status FOLDER ...    a line for each project: version, age, edits, conflicts
    uv run --script scripts/fleet.py update FOLDER ...    a branch template-update/VERSION in each that has no conflict

A FOLDER is a project, or holds projects; `--list FILE` names more, one in a line. Nobody's work tree is touched: the
branch is made beside it. Exit status: 0, or 1 if a project has conflicts or cannot be updated.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

INTERRUPTED = "fleet: interrupted. Branches that are there are whole; the same command goes on."

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "template/scripts"))
try:  # they take a while
    from updating.errors import UpdateError
    from updating.git import Repository
    from updating.landing import hand_over
    from updating.plan import Plan, prepare
    from updating.project import ANSWERS, Project
    from updating.template import Template
except KeyboardInterrupt:
    print(INTERRUPTED, file=sys.stderr)
    sys.exit(1)

DEEPEST = 3
"""How many folders down projects are looked for."""


@dataclass(frozen=True)
class Member:
    """A project of the fleet, and how an update of it would go."""

    path: Path
    version: str = "?"
    age: int | None = None
    """Days since that version."""
    newest: str = "?"
    edited: int = 0
    """Files of the template that its people have changed or removed."""
    conflicts: list[str] = field(default_factory=list)
    state: str = ""
    is_well: bool = True


def main() -> int:
    """Carry out the command line."""
    parser = argparse.ArgumentParser(
        prog="fleet", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=["status", "update"])
    parser.add_argument("folders", metavar="FOLDER", nargs="*", type=Path)
    parser.add_argument(
        "--list", metavar="FILE", type=Path, help="a file that names folders, one in a line"
    )
    parser.add_argument("--to", metavar="VERSION", help="instead of the newest release")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="projects at a time")
    given = parser.parse_intermixed_args()  # options may stand between command and folders
    if given.workers < 1:
        parser.error("--workers: one project at a time is the least")
    try:
        projects = find([*given.folders, *(read_list(given.list) if given.list else [])])
        with tempfile.TemporaryDirectory(prefix="fleet-") as folder:
            members = look_at(
                projects, Path(folder), given.to, given.workers, given.command == "update"
            )
    except UpdateError as error:
        print(f"fleet: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(INTERRUPTED, file=sys.stderr)
        return 1
    show(members)
    return 0 if all(member.is_well for member in members) else 1


def read_list(file: Path) -> list[Path]:
    """Return the folders that a file names."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UpdateError(f"{file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise UpdateError(f"{file} is no text in UTF-8: write a folder in each line.") from error
    named = (line.strip() for line in lines)
    return [Path(line).expanduser() for line in named if line and not line.startswith("#")]


def find(folders: Iterable[Path]) -> list[Path]:
    """Find the projects in folders, each once; raises UpdateError if there is none.

    A folder that holds none is returned itself: that is told in its line, and stops no other.
    """
    found: dict[Path, Path] = {}
    for folder in folders:
        listed = (sorted(folder.glob("*/" * depth + ANSWERS)) for depth in range(DEEPEST + 1))
        projects = [answers.parent for at_a_depth in listed for answers in at_a_depth]
        found.update((path.resolve(), path) for path in projects or [folder])
    if not any((path / ANSWERS).is_file() for path in found):
        raise UpdateError(
            f"No project of the template is in these folders: none holds a {ANSWERS}."
        )
    return list(found.values())


def look_at(
    projects: list[Path], folder: Path, to: str | None, workers: int, is_update: bool
) -> list[Member]:
    """Work out every project's update, several at a time, and make its branch if that is asked for."""
    templates = _Templates(folder)
    with ThreadPoolExecutor(workers) as pool:
        work = {
            pool.submit(_look_at, path, templates, folder / f"{number}", to, is_update): path
            for number, path in enumerate(projects)
        }
        try:
            for done, finished in enumerate(as_completed(work), start=1):
                _show_progress(f"{done} of {len(projects)}: {work[finished]}")
        except KeyboardInterrupt:
            pool.shutdown(cancel_futures=True)
            raise
        finally:
            _show_progress("")
    return sorted((finished.result() for finished in work), key=lambda member: str(member.path))


def _show_progress(line: str) -> None:
    """Write over the last such line, where somebody looks on."""
    if sys.stderr.isatty():
        print(f"\r{line}\033[K", end="", file=sys.stderr, flush=True)


def show(members: list[Member]) -> None:
    """Print a line for each project."""
    rows = [("project", "version", "days", "newest", "edited", "conflicts", "")]
    for member in members:
        days = "?" if member.age is None else str(member.age)
        conflicts = str(len(member.conflicts))
        rows.append(
            (
                str(member.path),
                member.version,
                days,
                member.newest,
                str(member.edited),
                conflicts,
                member.state,
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        )


class _Templates:
    """The templates of the fleet, each fetched once, or tried to: a server that is gone may take its time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._fetched: dict[str, Template | UpdateError] = {}
        self._fetching = Lock()

    def of(self, project: Project) -> Template:
        """Return the template of a project; raises UpdateError if it cannot be fetched."""
        with self._fetching:
            if project.source not in self._fetched:
                self._fetched[project.source] = self._fetch(project)
        fetched = self._fetched[project.source]
        if isinstance(fetched, UpdateError):
            raise fetched
        return Template(fetched.clone, project.address)

    def _fetch(self, project: Project) -> Template | UpdateError:
        to = self._folder / f"template-{len(self._fetched)}"
        try:
            return Template.fetch(project.address, to, project.source)
        except UpdateError as error:
            return error


def _look_at(
    path: Path, templates: _Templates, folder: Path, to: str | None, is_update: bool
) -> Member:
    try:
        project = Project.open(path)
        template = templates.of(project)
        folder.mkdir()
        plan = prepare(project, template, folder, to)
        conflicts = list(plan.merged.conflicts)
        seen = Member(
            path, plan.old, _age(template, plan.old), plan.new, len(plan.merged.edited), conflicts
        )
        if conflicts:
            return replace(seen, state=f"conflicts: {', '.join(conflicts)}", is_well=False)
        if not plan.merged.changes_anything:
            return replace(seen, state="up to date")
        return replace(seen, state=_branch(project, plan) if is_update else "can be updated")
    except UpdateError as error:
        return Member(path, state=str(error).replace("\n", " "), is_well=False)


def _age(template: Template, version: str) -> int:
    made = datetime.fromisoformat(
        template.clone.git("log", "-1", "--no-show-signature", "--format=%cI", version).strip()
    )
    return (datetime.now(UTC) - made).days


def _branch(project: Project, plan: Plan) -> str:
    """Commit the update on a branch of its own, with the last commit before it; raises UpdateError if it is there."""
    repository: Repository = project.repository
    name = f"template-update/{plan.new}"
    if repository.says("rev-parse", "--verify", "--quiet", f"refs/heads/{name}"):
        raise UpdateError(f"The branch {name} is there already: merge or delete it.")
    hand_over(plan.merged.scratch, repository)
    message = f"Update the template from {plan.old} to {plan.new}"
    commit = repository.git("commit-tree", plan.merged.tree, "-p", "HEAD", "-m", message).strip()
    repository.git("branch", name, commit)
    return f"branch {name}"


if __name__ == "__main__":
    sys.exit(main())

# /// script
# requires-python = ">=3.11"
# dependencies = ["copier>=9.10,<10", "jinja2>=3.1", "packaging>=24", "pathspec>=0.12", "pyyaml>=6"]
# ///
"""Bring the template into a repository that has code, workflows and data of its own.

    uv run --script scripts/adopt.py ../their-repository --dry-run    show which files come, and which meet theirs
    uv run --script scripts/adopt.py ../their-repository              ask the questions, and do it

Nothing of theirs is overwritten: where both have a file, both stand in it between marks, for a person to choose, and
what no update would touch (README, charter, features ...) stays as it is. From then on the repository takes releases as
a generated one does. Exit status: 0 done, 1 done with conflicts to resolve, 2 nothing was changed.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
INTERRUPTED = "adopt: interrupted. Nothing was changed."

sys.path.insert(0, str(ROOT / "template/scripts"))
try:  # they take a while
    from updating.errors import UpdateError
    from updating.git import Repository
    from updating.landing import land
    from updating.merging import Merge, merge
    from updating.project import ANSWERS, Project, name_template, read_answers
    from updating.rendering import check_names, copier, leave_what_is_theirs
    from updating.report import next_steps, show_merge
    from updating.template import Template, without_credentials
except KeyboardInterrupt:
    print(INTERRUPTED, file=sys.stderr)
    sys.exit(2)


def main() -> int:
    """Carry out the command line."""
    parser = argparse.ArgumentParser(
        prog="adopt", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "repository", metavar="FOLDER", type=Path, help="the repository, or a folder in it"
    )
    parser.add_argument(
        "--template", metavar="ADDRESS", help="where updates will come from, if not from here"
    )
    parser.add_argument("--to", metavar="VERSION", help="instead of the newest release")
    parser.add_argument(
        "--data", metavar="NAME=ANSWER", action="append", default=[], help="an answer"
    )
    parser.add_argument(
        "--defaults", action="store_true", help="ask nothing, take every other default"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="show what would come, and change nothing"
    )
    given = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory(prefix="adopt-") as folder:
            source = given.template or _address()
            address = without_credentials(source)
            template = Template.fetch(address, Path(folder, "template"), source)
            project = Project.new(given.repository)
            project.check_committed()
            asks = not given.defaults
            merged = adopt(project, template, Path(folder), given.to, given.data, asks=asks)
            show_merge(merged)
            if given.dry_run:
                return 0
            land(merged, project.repository)
        return next_steps(merged)
    except UpdateError as error:
        print(f"adopt: {error}\nNothing was changed.", file=sys.stderr)
    except KeyboardInterrupt:
        print(INTERRUPTED, file=sys.stderr)
    return 2


def adopt(
    project: Project,
    template: Template,
    folder: Path,
    to: str | None,
    data: Sequence[str],
    *,
    asks: bool,
) -> Merge:
    """Work out what the template brings; raises UpdateError if it cannot be rendered with these answers."""
    version = to or (template.releases[-1] if template.releases else "HEAD")
    template.commit(version)
    settings = template.settings(version)
    check_names(data, settings)
    (folder / "old").mkdir()
    new = folder / "new"
    files = folder / "template-files"
    template.write(version, files)
    how = [] if asks else ["--defaults"]
    copier(version, data, "copy", *how, str(files), str(new))
    name_template(new / ANSWERS, template.address, template.describe(version))
    answers = read_answers((new / ANSWERS).read_text(encoding="utf-8"))
    leave_what_is_theirs(project, settings, answers, folder)
    return merge(project, folder, label=f"template-{answers['_commit']}")


def _address() -> str:
    """Return where this clone of the template came from, or the clone itself if from nowhere."""
    here = Repository(ROOT)
    known = here.says("remote", "get-url", "origin")
    return here.git("remote", "get-url", "origin").strip() if known else str(ROOT)


if __name__ == "__main__":
    sys.exit(main())

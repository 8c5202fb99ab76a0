# /// script
# requires-python = ">=3.11"
# dependencies = ["copier>=9.10,<10", "jinja2>=3.1", "packaging>=24", "pathspec>=0.12", "pyyaml>=6"]
# ///
"""Bring a newer version of the template, or other answers, into this project.

    uv run poe template-update                          to the newest release
    uv run poe template-update --dry-run                show what that would change, and change nothing
    uv run poe template-update --to v1.3.0              to this version
    uv run poe template-update --data NAME=ANSWER       with another answer

The old and the new version are rendered and merged with the project by git, in a repository of their own; only what
comes of that is written here. Whatever fails before has changed nothing. docs/updates.md says who owns which file.

Exit status: 0 updated, or nothing to update; 1 updated, with conflicts to resolve; 2 not updated.
"""

import argparse
import sys

from updating.errors import UpdateError


def main() -> int:
    """Carry out the command line."""
    parser = argparse.ArgumentParser(
        prog="template-update", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--to", metavar="VERSION", help="a tag, branch or commit instead of the newest release"
    )
    parser.add_argument("--data", metavar="NAME=ANSWER", action="append", default=[], help="change an answer")
    parser.add_argument("--dry-run", action="store_true", help="show what would change, and change nothing")
    parser.add_argument("--template", metavar="ADDRESS", help="where the template has moved to")
    given = parser.parse_args()
    try:
        # Only here is an interruption told in one line, and the imports take a while.
        from updating.update import update

        return update(given.template, given.to, given.data, dry_run=given.dry_run)
    except UpdateError as error:
        print(f"template-update: {error}\nNothing was changed.", file=sys.stderr)
    except KeyboardInterrupt:
        print("template-update: interrupted. Nothing was changed.", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())

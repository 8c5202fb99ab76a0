"""Repositories of git, as a person has them."""

import shlex
from pathlib import Path

from harness.command import run


def begin(folder: Path) -> None:
    """Make a folder a repository in which a person can commit; nothing is committed yet."""
    run("git init --quiet --initial-branch main", folder)
    run("git config user.name 'A Person'", folder)
    run("git config user.email person@example.org", folder)


def commit(folder: Path, message: str = "Work") -> None:
    """Commit everything that is not ignored."""
    run("git add --all", folder)
    run(f"git commit --quiet --allow-empty --message {shlex.quote(message)}", folder)


def release(repository: Path, tag: str) -> None:
    """Commit what changed, and tag it."""
    commit(repository, f"Release {tag}")
    run(f"git tag {tag}", repository)

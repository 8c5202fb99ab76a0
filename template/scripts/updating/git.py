"""Git, asked for one thing at a time."""

import os
import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .errors import UpdateError

OLDEST = (2, 38)
"""The first version whose `merge-tree` merges without a work tree."""


@dataclass(frozen=True)
class Repository:
    """A git repository, perhaps without a work tree."""

    directory: Path

    def git(self, *arguments: str, env: Mapping[str, str] | None = None, text: str = "", ok: int = 0) -> str:
        """Return what a git command prints, file names in any encoding included.

        Raises UpdateError with git's complaint if the command's status is above `ok`.
        """
        given = text.encode(errors="surrogateescape")
        return self.git_bytes(*arguments, env=env, given=given, ok=ok).decode(errors="surrogateescape")

    def git_bytes(
        self, *arguments: str, env: Mapping[str, str] | None = None, given: bytes = b"", ok: int = 0
    ) -> bytes:
        """Do the same for what is no text."""
        # In a hook, git tells its children about the hook's own repository.
        clean = {name: value for name, value in os.environ.items() if name not in _OF_ONE_REPOSITORY}
        command = ["git", "-C", str(self.directory), *arguments]
        ran = subprocess.run(
            command, input=given, capture_output=True, check=False, env=clean | dict(env or {})
        )
        if not 0 <= ran.returncode <= ok:
            complaint = ran.stderr.decode(errors="replace").strip() or f"status {ran.returncode}"
            raise UpdateError(f"git {arguments[0]}: {complaint}")
        return ran.stdout

    def says(self, *arguments: str) -> bool:
        """Say whether a git command succeeds."""
        try:
            self.git(*arguments)
        except UpdateError:
            return False
        return True

    def files(self, tree: str) -> set[str]:
        """Return the paths of a tree."""
        return set(split(self.git("ls-tree", "-r", "-z", "--name-only", "--full-tree", tree)))

    def added(self, old: str, new: str) -> list[str]:
        """Return the paths that only the second of two trees has."""
        return split(self.git("diff-tree", "-r", "-z", "--name-only", "--diff-filter=A", old, new))


_OF_ONE_REPOSITORY = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX")


@cache
def check_version() -> None:
    """Raise UpdateError if git is missing or too old."""
    try:
        told = subprocess.run(["git", "--version"], capture_output=True, text=True, check=True).stdout
    except OSError as error:
        raise UpdateError("git is not on this machine: install it.") from error
    if tuple(map(int, re.findall(r"\d+", told)[:2])) < OLDEST:
        raise UpdateError(f"git {'.'.join(map(str, OLDEST))} or newer is needed, and this is {told.strip()}.")


def split(text: str) -> list[str]:
    """Return the entries of a list that git ends with zero bytes."""
    return [part for part in text.split("\0") if part]


def removals(paths: Iterable[str], like: str) -> str:
    """Return what takes paths out of an index by `update-index --index-info`, with ids as long as `like`."""
    return "".join(f"0 {'0' * len(like)}\t{path}\0" for path in paths)

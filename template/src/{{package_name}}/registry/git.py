"""What git knows: the commit, what is not committed, and who is at work."""

import getpass
import subprocess
from collections.abc import Iterable

from ..errors import RegistryError

INPUTS = ("conf/", "data/", "src/", "dvc.lock", "dvc.yaml", "params.yaml", "pyproject.toml", "uv.lock")
"""Where a file that git does not know yet may be part of what made the model, or name it."""


def commit() -> str:
    """The commit that the work tree stands on.

    Raises RegistryError if there is none.
    """
    found = head()
    if found is None:
        raise RegistryError(
            "here is no commit that could name the version: run this in a git repository, and commit first"
        )
    return found


def head() -> str | None:
    """The commit that the work tree stands on, if there is one."""
    told = _git("rev-parse", "--verify", "HEAD")
    return told and told.strip()


def uncommitted(own: Iterable[str]) -> list[str]:
    """Files that are not as the commit has them, without `own`, which the registry writes itself."""
    told = _git("status", "--porcelain", "--untracked-files=all", "-z", "--no-renames", "--", ".") or ""
    prefix = (_git("rev-parse", "--show-prefix") or "").strip()
    found = [(line[:2], line[3:].removeprefix(prefix)) for line in told.split("\0") if line]
    return [name for state, name in found if name not in own and (state != "??" or name.startswith(INPUTS))]


def person() -> str:
    """Who is at work, as git would sign a commit; else the name of the account."""
    told = _git("var", "GIT_AUTHOR_IDENT")
    return told.rpartition(">")[0] + ">" if told else getpass.getuser()


def _git(*arguments: str) -> str | None:
    """What git says; None if it refuses, or there is no git."""
    try:
        ran = subprocess.run(  # noqa: S603 - git's own words and names of files
            ["git", *arguments],  # noqa: S607 - the git of the person's path
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
    except FileNotFoundError:
        return None
    return ran.stdout if ran.returncode == 0 else None

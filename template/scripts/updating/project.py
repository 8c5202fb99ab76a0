"""The project that is updated, and what it remembers of its template."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from . import git
from .errors import UpdateError
from .git import Repository

ANSWERS = ".copier-answers.yml"


@dataclass(frozen=True)
class Project:
    """A project that was made from the template, in its repository."""

    repository: Repository
    prefix: str
    """Where in the repository it lies, with a slash at the end; empty at its top."""
    answers_text: str

    @classmethod
    def open(cls, path: Path) -> "Project":
        """Find the project; raises UpdateError if there is none."""
        if not (path / ANSWERS).is_file():
            raise UpdateError(
                f"{path.resolve()} has no {ANSWERS}: go to the folder of a project that the template made."
            )
        repository, prefix = _locate(path)
        return cls(repository, prefix, repository.git("show", f"HEAD:{prefix}{ANSWERS}"))

    @classmethod
    def new(cls, path: Path) -> "Project":
        """Take a folder that the template has not made yet; raises UpdateError if it has, or is in no repository."""
        if (path / ANSWERS).exists():
            raise UpdateError(f"{path.resolve()} has the template already: update it.")
        return cls(*_locate(path), answers_text="")

    def check_committed(self) -> None:
        """Raise UpdateError if there is work that is not committed."""
        quietly = {"GIT_OPTIONAL_LOCKS": "0"}
        if changed := git.split(self.repository.git("status", "--porcelain", "-z", env=quietly)):
            listed = "\n".join(f"  {line}" for line in changed[:10])
            raise UpdateError(f"There is work that is not committed; commit or stash it first:\n{listed}")

    @cached_property
    def answers(self) -> dict[str, Any]:
        """What the project remembers."""
        return read_answers(self.answers_text)

    @property
    def version(self) -> str:
        """The version of the template that the project has."""
        return str(self.answers["_commit"])

    @property
    def address(self) -> str:
        """Where the template came from, as the project remembers it."""
        return str(self.answers["_src_path"])

    @property
    def source(self) -> str:
        """The same for git: a relative folder is looked for from the project upwards.

        Not each folder of that name will do: the project itself has one that is called src.
        """
        here = (self.repository.directory / self.prefix).resolve()
        found = (str(up / self.address) for up in (here, *here.parents) if (up / self.address).is_dir())
        return next((path for path in found if self.repository.says("ls-remote", path)), self.address)


def _locate(path: Path) -> tuple[Repository, str]:
    """Return the repository in which a folder lies, and where in it."""
    git.check_version()
    if not path.is_dir():
        raise UpdateError(f"There is no folder {path.resolve()}.")
    here = Repository(path)
    try:
        top, prefix = here.git("rev-parse", "--show-toplevel", "--show-prefix").split("\n")[:2]
    except UpdateError as error:
        raise UpdateError(
            f"{path.resolve()} is in no git repository: make one, and commit what is there."
        ) from error
    if not here.says("rev-parse", "--verify", "HEAD"):
        raise UpdateError(
            "The repository has no commit yet, so nothing could be taken back: commit what is there first."
        )
    return Repository(Path(top)), prefix


def read_answers(text: str) -> dict[str, Any]:
    """Return what an answers file says; raises UpdateError if it does not say where the project came from."""
    if re.search(r"^(<<<<<<<|>>>>>>>) ", text, re.MULTILINE):
        raise UpdateError(f"{ANSWERS} holds the marks of a conflict: choose, remove them, and commit it.")
    try:
        answers = yaml.safe_load(text)
    except yaml.YAMLError as error:
        told = " ".join(str(error).split())
        raise UpdateError(f"{ANSWERS} is no YAML: mend it, and commit it ({told}).") from error
    if not isinstance(answers, dict) or not {"_commit", "_src_path"} <= answers.keys():
        raise UpdateError(f"{ANSWERS} does not say from which template and version the project was made.")
    return answers


def name_template(answers: Path, address: str, version: str) -> None:
    """Let an answers file say where the template comes from, and in which version."""
    named = yaml.safe_dump({"_commit": version, "_src_path": address}, allow_unicode=True, width=10**6)
    text = re.sub(r"^_commit:.*\n?", "", answers.read_text(encoding="utf-8"), flags=re.MULTILINE)
    # What YAML wraps goes on in lines that are indented.
    text = re.sub(r"^_src_path:.*(\n .*)*\n?", lambda _: named, text, flags=re.MULTILINE)
    answers.write_text(text, encoding="utf-8")

"""The template and its versions."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from packaging.version import InvalidVersion, Version

from .errors import UpdateError
from .git import Repository

_SHORTCUTS = {"gh:": "https://github.com/", "gl:": "https://gitlab.com/", "git+": ""}
"""Beginnings of addresses that Copier knows and git does not."""


def without_credentials(address: str) -> str:
    """Return an address as it may be committed: over HTTP without a name, password or token before the host."""
    return re.sub(r"(https?://)[^/]*@", r"\1", address)


@dataclass(frozen=True)
class Template:
    """The template, cloned."""

    clone: Repository
    address: str
    """Where it came from, as people and answers name it."""

    @classmethod
    def fetch(cls, address: str, to: Path, source: str | None = None) -> "Template":
        """Clone the template; raises UpdateError if there is none at that address.

        source  where it is cloned from, if that is written otherwise than the address
        """
        url = source or address
        for shortcut, meaning in _SHORTCUTS.items():
            if url.startswith(shortcut):
                url = meaning + url.removeprefix(shortcut)
        try:
            Repository(to.parent).git("clone", "--quiet", url, str(to))
        except UpdateError as error:
            said = str(error).replace(url, without_credentials(url))
            raise UpdateError(
                f"The template cannot be fetched from {address} ({said}). If it has moved, name its new address: "
                "--template ADDRESS."
            ) from error
        return cls(Repository(to), address)

    def has(self, version: str) -> bool:
        """Say whether the template has a version of this name."""
        return self.clone.says("rev-parse", "--verify", "--quiet", f"{version}^{{commit}}")

    def commit(self, version: str) -> str:
        """Return the commit of a version; raises UpdateError if the template has none of this name."""
        if not self.has(version):
            known = ", ".join(self.releases) or "none: --to HEAD takes what is newest"
            raise UpdateError(f"The template has no version {version}. Its releases are {known}.")
        return self.clone.git("rev-parse", f"{version}^{{commit}}").strip()

    @cached_property
    def releases(self) -> list[str]:
        """The tags that are versions (PEP 440) and no pre-releases, oldest first."""
        found = {}
        for tag in self.clone.git("tag").split():
            try:
                found[tag] = Version(tag)
            except InvalidVersion:
                continue
        return sorted((tag for tag in found if not found[tag].is_prerelease), key=lambda tag: found[tag])

    def newest(self, present: str) -> str:
        """Return the newest release, or the present version where that is newer still."""
        candidate = self.releases[-1] if self.releases else "HEAD"
        return present if self.is_newer(present, candidate) else candidate

    def is_newer(self, version: str, other: str) -> bool:
        """Say whether a version comes after another."""
        one, two = self.commit(version), self.commit(other)
        return one != two and self.clone.says("merge-base", "--is-ancestor", two, one)

    def describe(self, version: str) -> str:
        """Name a version as Copier does in a project's answers."""
        return self.clone.git("describe", "--tags", "--always", f"{version}^{{commit}}").strip()

    def write(self, version: str, to: Path) -> None:
        """Write the files of a version into a new folder."""
        index = {"GIT_INDEX_FILE": f"{to}.index"}
        self.clone.git("read-tree", version, env=index)
        self.clone.git("checkout-index", "--all", f"--prefix={to}/", env=index)

    def settings(self, version: str) -> dict[str, Any]:
        """Return copier.yml as it was in a version."""
        loaded: dict[str, Any] = yaml.safe_load(self.clone.git("show", f"{version}:copier.yml"))
        return loaded

    def changes(self, old: str, new: str) -> list[str]:
        """Return the lines of the changelog that the new version has and the old one had not."""
        plain = ("--no-color", "--no-ext-diff", "--unified=0")
        diff = self.clone.git("diff", *plain, old, new, "--", "CHANGELOG.md")
        return [line[1:] for line in diff.splitlines() if re.match(r"\+(?!\+\+ )", line)]

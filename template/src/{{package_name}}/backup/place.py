"""The kinds of places that can be copied while programs use them."""

import shutil
from pathlib import Path
from typing import Protocol

from ..errors import BackupError, ConfigurationError
from .postgres import Postgres
from .sqlite import SQLITE, Sqlite


class Place(Protocol):
    """Something that can be saved and brought back; each step says in a few words what it did.

    Raises BackupError if a step cannot be done.
    """

    def save(self, to: Path) -> str:
        """Copy it as it is at one moment, to a file or folder that is not there yet."""

    def check_free(self) -> None:
        """Make sure that nothing is there that would be lost."""

    def restore(self, copy: Path) -> str:
        """Put a copy there."""


class Folder:
    """Files that are only added to."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def save(self, to: Path) -> str:
        """Copy it; one that is not there yet has no files."""
        if not self.path.exists():
            to.mkdir()
            return f"no files, as there is no folder {self.path}"
        shutil.copytree(self.path, to)
        return f"{self._count(to)} files of {self.path}"

    def check_free(self) -> None:
        """Hold that there is no such folder."""
        if self.path.exists() and any(self.path.iterdir()):
            raise BackupError(f"{self.path} holds files, which would be lost: move it aside")

    def restore(self, copy: Path) -> str:
        """Copy it back."""
        shutil.copytree(copy, self.path, dirs_exist_ok=True)
        return f"{self._count(self.path)} files in {self.path}"

    def _count(self, folder: Path) -> int:
        return sum(path.is_file() for path in folder.rglob("*"))


def place(address: str) -> Place:
    """Return what an address names."""
    if address.startswith(SQLITE):
        return Sqlite(Path(address.removeprefix(SQLITE)))
    if address.startswith(("postgres://", "postgresql://", "postgresql+psycopg://")):
        return Postgres(address)
    if "://" in address:
        # The rest of the address may hold a password.
        raise ConfigurationError(
            f"{address.partition('://')[0]}:// cannot be copied here, but sqlite:///, postgresql:// and folders can: "
            "what a server keeps is saved where the server runs"
        )
    return Folder(Path(address))

"""A database of SQLite."""

import sqlite3
from contextlib import closing
from pathlib import Path

from ..errors import BackupError
from ..files import whole

SQLITE = "sqlite:///"
PATIENCE = 60.0
"""Seconds to wait for those who write."""


class Sqlite:
    """A file of SQLite, together with what is not written to it yet."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def save(self, to: Path) -> str:
        """Write what is there at this moment into a file of its own.

        A copy of the file alone would miss what the log beside it holds, and could be torn.
        """
        if not self.path.is_file():
            raise BackupError(
                f"there is no database at {self.path}: name the one that is used, or `none` if there is none"
            )
        try:
            with closing(sqlite3.connect(self.path, timeout=PATIENCE)) as database:
                database.execute("VACUUM INTO ?", [str(to)])
            return f"{_rows(to)} rows of {self.path}"
        except sqlite3.Error as error:
            raise BackupError(f"{self.path} cannot be copied ({error})") from error

    def check_free(self) -> None:
        """Hold that there is no database, nor the log of one, which would be taken for that of the copy."""
        for path in (self.path, *(self.path.with_name(self.path.name + end) for end in ("-wal", "-shm"))):
            if path.exists():
                raise BackupError(
                    f"{path} is there, and would be lost: end what uses it, and move its folder aside"
                )

    def restore(self, copy: Path) -> str:
        """Put the copy there as a whole."""
        try:
            with whole(self.path) as part:
                part.write_bytes(b"")
                with closing(sqlite3.connect(copy)) as saved, closing(sqlite3.connect(part)) as database:
                    saved.backup(database)
                rows = _rows(part)
        except sqlite3.Error as error:
            raise BackupError(f"{copy} cannot be put back ({error}): take another copy") from error
        return f"{rows} rows in {self.path}"


def _rows(path: Path) -> int:
    """Count the rows of all tables, after SQLite has found the file to be sound."""
    with closing(sqlite3.connect(path)) as database:
        [found] = database.execute("PRAGMA integrity_check(1)").fetchone()
        if found != "ok":
            raise BackupError(f"{path} is damaged ({found}): take another copy")
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return sum(database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names)  # noqa: S608

"""A database of PostgreSQL, copied by PostgreSQL's own programs."""

import os
import re
import subprocess
from pathlib import Path
from urllib.parse import quote, unquote

from ..errors import BackupError

ADDRESS = re.compile(r"[^:]+://(?:(?P<user>[^:/]*)(?::(?P<password>[^@]*))?@)?(?P<rest>.*)", re.DOTALL)
"""As SQLAlchemy reads it: what the service takes for a password, `/` and `#` in it or not, is one here."""


class Postgres:
    """A database at an address; what is told of it holds no password."""

    def __init__(self, address: str) -> None:
        parts = ADDRESS.fullmatch(address)
        assert parts is not None  # noqa: S101 - who asks has seen that it begins as one
        self._password = unquote(parts["password"] or "")
        user = f"{quote(unquote(parts['user']), safe='')}@" if parts["user"] else ""
        self.address = f"postgresql://{user}{parts['rest']}"

    def save(self, to: Path) -> str:
        """Write what is there at this moment, in PostgreSQL's own format."""
        self._ask("pg_dump", "--format=custom", "--no-owner", f"--file={to}", self.address)
        return f"{self.address}, {to.stat().st_size} bytes"

    def check_free(self) -> None:
        """Hold that the database has no tables."""
        listed = self._ask("pg_dump", "--schema-only", self.address)
        if "CREATE TABLE" in listed:
            raise BackupError(f"{self.address} has tables, which would be lost: name an empty database")

    def restore(self, copy: Path) -> str:
        """Bring everything back, or nothing."""
        self._ask("pg_restore", "--single-transaction", "--no-owner", f"--dbname={self.address}", str(copy))
        return f"{self.address}, from {copy.stat().st_size} bytes"

    def _ask(self, program: str, *arguments: str) -> str:
        known = {"PGPASSWORD": self._password} if self._password else {}
        try:
            # The password is not among the arguments, which everybody on the machine can see.
            asked = subprocess.run(  # noqa: S603
                [program, *arguments], env=os.environ | known, capture_output=True, text=True, check=False
            )
        except FileNotFoundError:
            raise BackupError(
                f"{program} is not on this machine: install the programs of PostgreSQL"
            ) from None
        if asked.returncode:
            said = (asked.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise BackupError(f"{program} failed for {self.address} ({said})")
        return asked.stdout

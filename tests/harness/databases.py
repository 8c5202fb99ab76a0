"""Databases that rows come from, each started for a test."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness import machine
from harness.servers import free_port, listening

PASSWORD = "se/cret #1"
"""With characters that an address has to escape."""


@dataclass(frozen=True)
class Cluster:
    """The databases of a PostgreSQL server that can be stopped and started again."""

    folder: Path
    port: int
    user: str | None

    @property
    def address(self) -> str:
        """Where its database is, with the password of a user."""
        return f"postgresql://learner:se%2Fcret%20%231@127.0.0.1:{self.port}/postgres"

    @contextmanager
    def running(self, log: Path) -> Iterator[None]:
        """Run the server until the block ends; who is connected then loses the connection."""
        programs, data = _postgres_programs(), self.folder / "data"
        server = [
            *(programs / "postgres", "-D", data, "-p", str(self.port), "-k", self.folder),
            *("-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "timezone=UTC"),
        ]
        with listening(server, self.port, log, user=self.user):
            try:
                yield
            finally:
                stop = [programs / "pg_ctl", "stop", "--silent", "--mode=fast", "--pgdata", data]
                subprocess.run(stop, user=self.user, cwd=self.folder, check=False)


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Make the databases of a PostgreSQL server, which does not run yet."""
    # Root may not run it, and who may cannot look into a folder of root's.
    user = "nobody" if os.geteuid() == 0 else None
    programs = _postgres_programs()
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    try:
        password = folder / "password"
        password.write_text(PASSWORD + "\n", encoding="utf-8")
        if user:
            shutil.chown(folder, user)
            shutil.chown(password, user)
        subprocess.run(
            [
                *(programs / "initdb", "--pgdata", folder / "data", "--username", "learner"),
                *("--auth", "scram-sha-256", "--pwfile", password, "--no-sync", "--encoding=UTF8"),
            ],
            user=user,
            cwd=folder,
            env=machine.environment(),
            stdout=subprocess.DEVNULL,
            check=True,
        )
        yield Cluster(folder, free_port(), user)
    finally:
        shutil.rmtree(folder)


@contextmanager
def postgres(log: Path) -> Iterator[str]:
    """Run a PostgreSQL server; yield the address of its database, with the password of a user."""
    with cluster() as made, made.running(log):
        yield made.address


def _postgres_programs() -> Path:
    """Return the folder of initdb and postgres, which Debian does not put on PATH."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=_version)
    return installed[-1].parent if installed else machine.require("initdb", "of PostgreSQL").parent


def _version(program: Path) -> int:
    return int(program.parents[1].name)


BIGQUERY = [
    "bqemulator==1.4.0",
    # It would fetch this extension of DuckDB from a server; here it comes from PyPI.
    *("duckdb==1.5.5", "duckdb-extension-spatial==1.5.5", "duckdb-extensions", "numpy"),
]
BIGQUERY_PROGRAM = """
import sys
from duckdb_extensions import import_extension

import_extension("spatial")
from bqemulator.cli import main

sys.exit(main())
"""


@contextmanager
def bigquery(log: Path) -> Iterator[dict[str, str]]:
    """Run an emulator of BigQuery; yield the variables that lead Google's client to it."""
    port = free_port()
    emulator = [
        *("uv", "run", "--quiet", "--no-project", "--isolated", "--exclude-newer", "2026-11-20"),
        *("--python", machine.interpreter("3.11")),
        *(f"--with={requirement}" for requirement in BIGQUERY),
        *("python", "-c", BIGQUERY_PROGRAM, "start"),
        *("--rest-port", str(port), "--grpc-port", str(free_port())),
    ]
    with listening(emulator, port, log, patience=180):
        yield {
            "BIGQUERY_EMULATOR_HOST": f"http://127.0.0.1:{port}",
            "GOOGLE_CLOUD_PROJECT": "slipway-test",
        }

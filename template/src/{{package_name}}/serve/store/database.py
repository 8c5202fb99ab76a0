"""The database of the store: SQLite or PostgreSQL."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    URL,
    ColumnElement,
    Connection,
    Executable,
    Select,
    String,
    Table,
    bindparam,
    cast,
    column,
    create_engine,
    delete,
    event,
    func,
    inspect,
    make_url,
    select,
    true,
)
from sqlalchemy import Row as Found
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.schema import CreateIndex, CreateTable

from ...errors import ConfigurationError, StoreError, StoreLostError, first_line
from ...files import state_of
from ..settings import settings
from .records import Row
from .tables import VERSION, feedback, monitoring, predictions, shadows, versions

DRIVERS = {
    "sqlite": "sqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
"""How SQLAlchemy calls what people write."""

KEPT = (predictions, shadows, feedback, monitoring)
"""A table that is absent is made: a store of before it was there is brought up to date by the first who opens it."""

TABLES = (versions, *KEPT)

ROWS = "rows"
"""The one parameter of a statement that inserts: a JSON array."""
ROWS_AT_ONCE = 1000
"""In one statement: until it has ended, SQLite keeps every page that it changes, up to one for each row."""

# A lock, or a server that has gone away, must not hold the writer for more than seconds.
CONNECTION: Mapping[str, dict[str, Any]] = {
    "sqlite": {"timeout": 3},
    # Psycopg reads JSON as UTF-8, whatever the encoding of the server is.
    "postgresql": {"connect_timeout": 3, "tcp_user_timeout": 10_000, "client_encoding": "utf8"},
}
BEFORE_MAKING = {
    # Those who read do not keep those who write waiting, nor the other way round.
    "sqlite": "PRAGMA journal_mode=WAL",
    # Of several services that start at once, one makes the tables; any number does that no other program takes.
    "postgresql": "SELECT pg_advisory_xact_lock(5107239861)",
}


class Database:
    """The tables in a database, made when they are first needed.

    Raises ConfigurationError if STORE_URL is no address of SQLite or PostgreSQL.
    """

    def __init__(self, address: str) -> None:
        self._url = _url(address)
        self._kind = self._url.get_backend_name()
        self._engine = create_engine(
            self._url,
            connect_args=CONNECTION[self._kind],
            pool_pre_ping=True,
            hide_parameters=True,  # they are rows, and have no place in a log
            json_serializer=str,  # rows bring JSON
        )
        if self._kind == "sqlite":
            event.listen(self._engine, "connect", _set_up)
        self._made: tuple[int, int] | None = None

    @property
    def place(self) -> str:
        """The address, without a secret."""
        return self._url.set(query={}).render_as_string(hide_password=True)

    @property
    def folder(self) -> Path | None:
        """Where SQLite's file lies; None for a server."""
        return Path(str(self._url.database)).parent if self._kind == "sqlite" else None

    def make(self) -> None:
        """Make the tables that are absent, once; and anew if SQLite's file has been taken away or replaced since.

        Raises StoreError if a newer version of the project made them, StoreLostError if they are out of reach.
        """
        if self._made is not None and self._made == self._which:
            return
        # Its connections would go on writing to a file that nobody finds any more.
        self._engine.dispose()
        with self._begun() as connection:
            connection.exec_driver_sql(BEFORE_MAKING[self._kind])
            absent = _absent(connection)
            found = None if versions in absent else connection.scalar(select(func.max(versions.c.version)))
            if found is not None and found > VERSION:
                raise StoreError(
                    f"the store at {self.place} has version {found} and this service knows {VERSION}: start a newer "
                    "release, or set STORE_URL to another place"
                )
            for table in absent:
                _make(connection, table)
            if found != VERSION:
                self._insert(connection, versions, [{"version": VERSION}])
        self._made = self._which

    def write(self, rows: Mapping[Table, Sequence[Row]]) -> None:
        """Write rows in one transaction; those that are there already stay as they are.

        Raises StoreError if it may go well another time, DataError or IntegrityError of SQLAlchemy if the database
               will never take one of them.
        """
        self.make()
        with self._begun() as connection:
            for table, given in rows.items():
                self._insert(connection, table, given)

    def count(self, rows: Iterable[Mapping[Table, ColumnElement[bool]]]) -> Counter[str]:
        """Count rows, by the name of their table.

        Raises StoreError if the store is newer, or out of reach.
        """
        self._look()
        counted: Counter[str] = Counter()
        with self._begun() as connection:
            for table, condition in (pair for some in rows for pair in some.items()):
                counted[table.name] += connection.scalar(select(func.count()).where(condition)) or 0
        return counted

    def delete(self, rows: Iterable[Mapping[Table, ColumnElement[bool]]]) -> Counter[str]:
        """Delete rows in one transaction, and count them by the name of their table.

        Raises StoreError if it may go well another time.
        """
        self.make()
        deleted: Counter[str] = Counter()
        with self._begun() as connection:
            for table, condition in (pair for some in rows for pair in some.items()):
                deleted[table.name] += connection.execute(delete(table).where(condition)).rowcount
        return deleted

    def emptied_log(self) -> bool:
        """Bring the log beside SQLite's file to nothing, since it has rows as they were; False if others use it.

        Raises StoreError if it may go well another time.
        """
        if self._kind != "sqlite":
            return True
        with self._begun("AUTOCOMMIT") as connection:
            is_busy, _, _ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
        return not is_busy

    def read(self, statement: Select[Any], rows_at_once: int) -> Iterator[Sequence[Found[Any]]]:
        """Stream the rows of a statement.

        Raises StoreError if the store is newer, or out of reach.
        """
        self._look()
        with self._begun() as connection:
            yield from connection.execution_options(yield_per=rows_at_once).execute(statement).partitions()

    def _look(self) -> None:
        """Make the tables that are absent, but no file of SQLite.

        Who looks in the wrong place shall not leave an empty store in it, which would be taken for the real one.
        """
        if self._kind == "sqlite" and not Path(str(self._url.database)).is_file():
            raise StoreLostError(
                f"there is no store at {self.place}: the service makes it when it starts; set STORE_URL if it is "
                "elsewhere, and ask inside the container if it is in one"
            )
        self.make()

    @property
    def _which(self) -> tuple[int, int] | None:
        """What tells SQLite's file from another one in its place; None if there is none."""
        if self._kind != "sqlite":
            return 0, 0
        found = state_of(Path(str(self._url.database)))
        return None if found is None else (found[0], found[1])

    def _insert(self, connection: Connection, table: Table, rows: Sequence[Row]) -> None:
        statement = INSERTS[self._kind](table)
        for first in range(0, len(rows), ROWS_AT_ONCE):
            some = json.dumps(rows[first : first + ROWS_AT_ONCE], default=_time)
            connection.execute(statement, {ROWS: some})

    @contextmanager
    def _begun(self, level: str | None = None) -> Iterator[Connection]:
        """Begin a transaction; with the level AUTOCOMMIT, what SQLite does in none."""
        engine = self._engine.execution_options(isolation_level=level) if level else self._engine
        try:
            if self._kind == "sqlite":
                Path(str(self._url.database)).parent.mkdir(parents=True, exist_ok=True)
            with engine.begin() as connection:
                yield connection
        except (DataError, IntegrityError):  # the database answers, and will never take these rows
            raise
        except (SQLAlchemyError, OSError) as error:
            raise StoreLostError(f"the store at {self.place} cannot be used ({_reason(error)})") from error


def configured() -> Database:
    """The database that STORE_URL names.

    Raises ConfigurationError if it names none, or is no address of SQLite or PostgreSQL.
    """
    chosen = settings()
    if not chosen.stores:
        raise ConfigurationError("STORE_URL is none, so nothing is stored: set it to the address of a store")
    return Database(chosen.store_url)


def _set_up(connection: Any, _record: object) -> None:
    """Have SQLite keep in memory what a statement needs while it runs, and overwrite what it deletes.

    It would write the former to a temporary file as soon as a table has some thousand rows, and in a read-only
    container it finds no folder for one: each insert would then fail with "disk I/O error". The latter would stay
    in its file until other rows take the room.
    """
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("PRAGMA secure_delete = ON")


@cache
def _into_sqlite(table: Table) -> Executable:
    row = func.json_each(bindparam(ROWS, type_=String)).table_valued("value").c.value
    # Without a condition SQLite takes what follows for the condition of a join.
    values = select(*(func.json_extract(row, f"$.{own.name}") for own in table.columns)).where(true())
    return sqlite.insert(table).from_select(list(table.columns), values).on_conflict_do_nothing()


@cache
def _into_postgresql(table: Table) -> Executable:
    texts = [column(own.name, String) for own in table.columns]
    array = cast(bindparam(ROWS, type_=String), JSON)
    row = func.json_to_recordset(array).table_valued(*texts).render_derived(with_types=True)
    values = select(*(cast(row.c[own.name], own.type) for own in table.columns))
    return postgresql.insert(table).from_select(list(table.columns), values).on_conflict_do_nothing()


INSERTS: Mapping[str, Callable[[Table], Executable]] = {
    "sqlite": _into_sqlite,
    "postgresql": _into_postgresql,
}
"""How rows come into a table; after a connection broke off, nobody knows whether they did, so they may come twice.

They come as one value. With a value for each, Python would hand its lock to the requests and wait for it after every
row: that took five times as long as to write them.
"""


def _time(moment: datetime) -> str:
    """A time as both databases read it, and SQLite compares it."""
    return moment.isoformat(" ", "microseconds")


def _url(address: str) -> URL:
    try:
        url = make_url(address)
        driver = DRIVERS[url.drivername]
        if url.database in (None, "", ":memory:"):
            raise ValueError
    except (ArgumentError, KeyError, ValueError):
        # The reason would repeat parts of the address, and with them the password.
        raise ConfigurationError(
            "STORE_URL is no address of a store: write sqlite:///path/to/file.db, "
            "postgresql://user:password@host:5432/database (with %40 for @ and %2F for / in the password), or none"
        ) from None
    return url.set(drivername=driver)


def _absent(connection: Connection) -> list[Table]:
    """Tables that are not there, or not with every index.

    Only these are made: PostgreSQL asks for the right to make tables even where it would leave them alone, and who
    only reads has none.
    """
    found = inspect(connection).get_multi_indexes()
    there = {name: {one["name"] for one in indexes} for (_, name), indexes in found.items()}
    return [
        table
        for table in TABLES
        if table.name not in there or not {index.name for index in table.indexes} <= there[table.name]
    ]


def _make(connection: Connection, table: Table) -> None:
    connection.execute(CreateTable(table, if_not_exists=True))
    for index in table.indexes:
        connection.execute(CreateIndex(index, if_not_exists=True))


def _reason(error: Exception) -> str:
    """What the database said, in one line."""
    return first_line((isinstance(error, DBAPIError) and error.orig) or error)[:500]

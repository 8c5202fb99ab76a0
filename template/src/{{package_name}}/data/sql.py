"""Rows of an SQL database that SQLAlchemy can reach: PostgreSQL, SQLite, and others with their driver."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from urllib.parse import quote, quote_plus

from sqlalchemy import URL, Connection, Engine, create_engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from ..config import DataConfig
from ..errors import DataError, first_line
from .deadline import in_time
from .example import example_database
from .query import ROWS_AT_ONCE, Answer, Query

VARIABLE = "DATABASE_URL"
DRIVERS = {"postgres": "postgresql+psycopg", "postgresql": "postgresql+psycopg"}
"""How SQLAlchemy calls what people write."""


class Sql(Query):
    """The answer of the database that DATABASE_URL names.

    example  where the variable is not set: a CSV file, which becomes a table in an SQLite database
    """

    def __init__(self, data: DataConfig, changed: str | None = None, example: str | None = None) -> None:
        super().__init__(data, changed)
        self.example = example
        self.missing = data.missing

    @property
    def place(self) -> str:
        """Kind, host and name of the database, and who asks; no password, and no other setting."""
        url = self._url
        kind, port = url.get_backend_name(), f":{url.port}" if url.port else ""
        host = f" at {url.host}{port}" if url.host else ""
        user = f" for {url.username}" if url.username else ""
        return f"{kind} database '{url.database}'{host}{user}"

    @contextmanager
    def ask(self, query: str, name: str) -> Iterator[Answer]:
        """Ask, and stream the answer from a cursor of the server if it has such."""
        engine = self._engine()
        try:
            with self._connected(engine) as connection:
                streamed = connection.execution_options(
                    stream_results=True, yield_per=ROWS_AT_ONCE, no_parameters=True
                )
                result = streamed.exec_driver_sql(query)
                if not result.returns_rows:
                    raise DataError(f"{name} asks for no rows: write a SELECT into it")
                yield Answer(list(result.keys()), result.partitions(ROWS_AT_ONCE))
        except SQLAlchemyError as error:
            raise DataError(
                f"{name} was not answered by the {self.place} ({self._reason(error)}): "
                "mend the query, or the database that it asks"
            ) from None
        finally:
            engine.dispose()

    @cached_property
    def _url(self) -> URL:
        given = os.environ.get(VARIABLE, "").strip()
        if not given:
            if self.example is None:
                raise DataError(
                    f"{VARIABLE} is not set, and it says which database to ask: set it in the environment, "
                    "such as postgresql://user:password@host:5432/database"
                )
            file = example_database(Path(self.example), self.missing)
            return URL.create("sqlite", database=file.as_posix())
        try:
            if given.count("@") > 1:  # the first one would be taken for the end of the password
                raise ValueError
            url = make_url(given)
        except (ArgumentError, ValueError):
            # The reason would repeat parts of the address, and with them the password.
            raise DataError(
                f"{VARIABLE} is no address of a database: write it as "
                "postgresql://user:password@host:5432/database, where special characters of the password are "
                "written as %40 for @, %2F for /, %3A for :, %23 for #"
            ) from None
        return url.set(drivername=DRIVERS.get(url.drivername, url.drivername))

    def _engine(self) -> Engine:
        url = self._url
        if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
            raise DataError(f"there is no SQLite database '{url.database}': mend {VARIABLE}")
        try:
            return create_engine(url)
        except NoSuchModuleError:
            known = f"'{url.drivername}' is no kind of database that SQLAlchemy knows"
        except ModuleNotFoundError as error:
            known = f"the driver {error.name} is not installed"
        raise DataError(
            f"{VARIABLE} cannot be used, {known}: mend it, or add the driver by `uv add --group pipeline NAME`"
        )

    def _connected(self, engine: Engine) -> Connection:
        try:
            connection: Connection = in_time(engine.connect)
        except (SQLAlchemyError, TimeoutError) as error:
            raise DataError(
                f"the {self.place} cannot be reached ({self._reason(error)}): "
                f"mend {VARIABLE}, or see whether the server runs and lets you in"
            ) from None
        return connection

    def _reason(self, error: Exception) -> str:
        """What the database said, in one line and without a secret."""
        line = first_line((isinstance(error, DBAPIError) and error.orig) or error)
        password = self._url.password or ""
        for secret in (password, quote(password, safe=""), quote_plus(password), *self._url.query.values()):
            line = line.replace(str(secret), "***") if secret else line
        return line[:500]

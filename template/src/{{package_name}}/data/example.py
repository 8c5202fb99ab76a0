"""The example database, to begin with: a CSV file as a table of SQLite."""

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

import polars as pl

from ..errors import DataError
from ..files import whole

log = logging.getLogger(__name__)

DATABASE = Path("data/example.db")
AFFINITIES: dict[pl.DataType, str] = {pl.Int64(): "INTEGER", pl.Float64(): "REAL"}


def example_database(file: Path, missing: list[str]) -> Path:
    """The database; it is made if it is not there, with one table that is called like the file.

    Raises DataError if there is no such file.
    """
    if not file.is_file():
        raise DataError(
            f"there is no {file} to make the example database of: set DATABASE_URL, which names your own"
        )
    log.info("DATABASE_URL is not set: asking the example database %s", DATABASE)
    if DATABASE.exists():
        return DATABASE
    rows = pl.read_csv(file, infer_schema_length=None, null_values=["", *missing])
    columns = ", ".join(f'"{name}" {AFFINITIES.get(kind, "TEXT")}' for name, kind in rows.schema.items())
    places = ", ".join("?" for _ in rows.columns)
    with whole(DATABASE) as part, closing(sqlite3.connect(part)) as connection:
        connection.execute(f'CREATE TABLE "{file.stem}" ({columns})')
        connection.executemany(f'INSERT INTO "{file.stem}" VALUES ({places})', rows.iter_rows())  # noqa: S608
        connection.commit()
    return DATABASE

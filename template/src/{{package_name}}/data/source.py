"""The rows of the configured source, whatever kind of source it is."""

from pathlib import Path
from typing import Protocol

import polars as pl

from .. import paths
from ..component import made
from ..config import Config, DataConfig
from ..files import write_json
from .table_file import scan, unreadable


class Source(Protocol):
    """Where rows come from: a class for each kind of source, which conf/data/ names."""

    def fetch(self) -> None:
        """Bring rows that lie elsewhere to this machine, if they changed since the last time."""

    def fingerprint(self) -> dict[str, str]:
        """What tells the fetched rows from any others."""

    def read(self) -> pl.LazyFrame:
        """Open the fetched rows without loading them."""


def fingerprint(config: Config) -> None:
    """Fetch the rows and record which ones they are, so that DVC reruns what depends on them.

    Writes  data/source.json: the name of the source and the SHA-256 of its content.
    Raises  DataError if the source cannot be read.
    """
    source = configured(config.data)
    source.fetch()
    write_json(paths.SOURCE, source.fingerprint())


def fetch(data: DataConfig) -> None:
    """Bring the rows of the configured source to this machine, if they lie elsewhere.

    Raises DataError if the source cannot be read.
    """
    configured(data).fetch()


def read(data: DataConfig, file: Path | None = None) -> pl.LazyFrame:
    """Open the rows of the configured source, or those of a file, without loading them.

    Raises DataError if there are none, or they are no table.
    """
    return plain(configured(data).read() if file is None else scan(file, data), data.missing)


def configured(data: DataConfig) -> Source:
    """The source that the configuration names.

    Raises ConfigurationError if there is no such source, or it does not know one of its settings.
    """
    source: Source = made(data.source, "data.source is no source of rows", "conf/data/", data)
    return source


def plain(rows: pl.LazyFrame, missing: list[str]) -> pl.LazyFrame:
    """The rows with text stripped, and null wherever a cell means that there is no value."""
    kinds = rows.collect_schema().items()
    worded = [name for name, kind in kinds if kind in (pl.String, pl.Categorical, pl.Enum)]
    text = pl.col(worded).cast(pl.String).str.strip_chars()
    return rows.with_columns(
        pl.when(text.is_in(["", *missing])).then(None).otherwise(text).name.keep(),
        pl.col([name for name, kind in kinds if kind.is_float()]).fill_nan(None),
    )


def collect(rows: pl.LazyFrame, source: str = "the data") -> pl.DataFrame:
    """Load rows in pieces, so that memory does not grow with what is not kept.

    Raises DataError if the file turns out to be broken on the way.
    """
    try:
        return rows.collect(engine="streaming")
    except pl.exceptions.PolarsError as error:
        raise unreadable(source, error) from error

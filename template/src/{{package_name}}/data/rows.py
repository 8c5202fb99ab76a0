"""The rows of the configured source, in one form."""

from pathlib import Path

import polars as pl

from ..config import DataConfig
from ..errors import DataError
from .scan import scan, unreadable
from .source import configured, more_files


def read(data: DataConfig, file: Path | None = None) -> pl.LazyFrame:
    """Open the rows of the configured source and of the files beside it, or those of one file, without loading them.

    Raises DataError if there are none, or they are no table.
    """
    return plain(_configured_rows(data) if file is None else scan(file, data), data.missing)


def _configured_rows(data: DataConfig) -> pl.LazyFrame:
    """The rows of the source, then those of `data.more`, in the same columns; what one of these lacks is empty."""
    source = configured(data).read()
    kinds = source.collect_schema()
    return pl.concat([source, *(_in_form_of(kinds, path, data) for path in more_files(data))])


def _in_form_of(kinds: pl.Schema, path: Path, data: DataConfig) -> pl.LazyFrame:
    rows = scan(path, data)
    present = rows.collect_schema().names()
    if unknown := [name for name in present if name not in kinds]:
        raise DataError(
            f"{path} has a column '{unknown[0]}', which {data.path} lacks: name the columns as they are there"
        )
    return rows.select(
        (pl.col(name) if name in present else pl.lit(None)).cast(kind).alias(name)
        for name, kind in kinds.items()
    )


def plain(rows: pl.LazyFrame, missing: list[str]) -> pl.LazyFrame:
    """The rows with text stripped, and null wherever a cell means that there is no value."""
    kinds = rows.collect_schema().items()
    worded = [name for name, kind in kinds if kind in (pl.String, pl.Categorical, pl.Enum)]
    text = pl.col(worded).cast(pl.String).str.strip_chars()
    return rows.with_columns(
        pl.when(text.is_in(["", *missing])).then(None).otherwise(text).name.keep(),
        pl.col([name for name, kind in kinds if kind.is_float()]).fill_nan(None),
    )


def sink(rows: pl.LazyFrame, file: Path, row_group_size: int, source: str = "the data") -> None:
    """Write rows to a Parquet file in pieces.

    Raises DataError if the source turns out to be broken on the way.
    """
    try:
        rows.sink_parquet(file, row_group_size=row_group_size)
    except pl.exceptions.PolarsError as error:
        raise unreadable(source, error) from error


def collect(rows: pl.LazyFrame, source: str = "the data") -> pl.DataFrame:
    """Load rows in pieces, so that memory does not grow with what is not kept.

    Raises DataError if the file turns out to be broken on the way.
    """
    try:
        return rows.collect(engine="streaming")
    except pl.exceptions.PolarsError as error:
        raise unreadable(source, error) from error

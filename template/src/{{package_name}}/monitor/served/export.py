"""Predictions with what really came out, written as rows to learn from: as the source writes its own."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from ...config import Config, DataConfig
from ...data.source import configured as configured_source
from ...errors import ConfigurationError, DataError
from ...files import whole
from ...schema import Column, Schema
from ...serve.store.database import Database
from ...serve.store.reading import batches
from .tables import configured, in_this_form


def export(config: Config, schema: Schema, database: Database, since: datetime | None, file: Path) -> int:
    """Write the file; return how many rows it has.

    Columns of the source that the service is not told are empty. Text is written as the source writes it, so that
    both are read alike: the type of each column is that of the source.

    Raises ConfigurationError if the file cannot be of that kind; DataError if no prediction has an outcome, or they do
           not fit the schema.
    """
    check_kind(file, config.data)
    source = configured_source(config.data)
    source.fetch()
    kinds = source.read().collect_schema()
    tables = configured(schema, config.task.windows)
    columns = {column.name: column for column in tables.source.columns}

    def parts(folder: Path) -> Iterator[Path]:
        for batch in batches(database, since):
            told = [row for row in batch if row["outcome"] is not None]
            if told:
                part = folder / f"{told[0]['id']}.parquet"
                with in_this_form():
                    tables.examples(told).write_parquet(part)
                yield part

    with TemporaryDirectory() as folder:
        files = list(parts(Path(folder)))
        if not files:
            raise DataError(
                f"no prediction in {database.place} has an outcome: tell some by POST /feedback first"
            )
        rows = tables.whole(pl.scan_parquet(files))
        known = rows.collect_schema()
        written = rows.select(
            (
                _as_source(columns[name], kind, config.data.decimal) if name in known else pl.lit(None, kind)
            ).alias(name)
            for name, kind in kinds.items()
        )
        with whole(file) as part:
            if file.suffix == ".csv":
                written.sink_csv(
                    part, separator="," if config.data.separator == "auto" else config.data.separator
                )
            else:
                written.sink_parquet(part)
        return int(rows.select(pl.len()).collect().item())


def check_kind(file: Path, data: DataConfig) -> None:
    """Raise ConfigurationError if a file of that kind could not be read with the source."""
    if file.suffix not in (".csv", ".parquet"):
        raise ConfigurationError(f"{file} is no name of a table: end it in .parquet or .csv")
    if file.suffix == ".csv" and not data.encoding.lower().replace("_", "-").startswith("utf"):
        raise ConfigurationError(f"{file} would not be written in {data.encoding}: end its name in .parquet")


def _as_source(column: Column, kind: pl.DataType, decimal: str) -> pl.Expr:
    """The values as the source has them."""
    values = pl.col(column.name)
    if kind not in (pl.String, pl.Categorical, pl.Enum):
        return values.cast(kind)
    match column.type:
        case "integer":
            return values.cast(pl.Int64).cast(pl.String)
        case "number":
            return values.cast(pl.String).str.replace(".", decimal, literal=True)
        case "date":
            return values.dt.strftime(column.format or "%Y-%m-%d")
        case _:
            return values.cast(pl.String)

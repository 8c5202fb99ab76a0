"""The answer of a database as a Parquet file, written batch by batch, so that memory does not grow with its rows."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from shutil import rmtree
from typing import Any

import polars as pl

from ..errors import DataError
from .names import tidy

KEPT = {type(None), bool, int, float, str}
"""Types that are written as they are."""


def write_answer(
    names: Sequence[str], batches: Iterable[Sequence[Sequence[Any]]], to: Path, source: str
) -> None:
    """Write the rows into a Parquet file.

    A column has one type, which holds all of its values. Decimals become floats and time spans seconds; points
    in time are told in UTC, without a zone; lists and mappings become JSON, bytes hexadecimal digits; what else
    there is becomes text.

    source  what messages call it
    Raises DataError if there are no rows, or two columns have the same name.
    """
    columns = tidy(names, source)
    folder = to.with_name("parts")
    rmtree(folder, ignore_errors=True)  # those of a run that was killed
    folder.mkdir(parents=True)
    try:
        parts = list[Path]()
        for batch in filter(None, batches):
            parts.append(folder / f"{len(parts)}.parquet")
            _frame(columns, batch).write_parquet(parts[-1])
        if not parts:
            raise DataError(f"{source} gives no rows: there is nothing to learn from; mend the query")
        answer = pl.concat([pl.scan_parquet(part) for part in parts], how="vertical_relaxed")
        # Columns that are never filled, and whole numbers that are too large for a column of such.
        answer.cast({pl.Null: pl.String, pl.UInt64: pl.Float64, pl.Int128: pl.Float64}).sink_parquet(to)
    finally:
        rmtree(folder)


def _frame(columns: Sequence[str], batch: Sequence[Sequence[Any]]) -> pl.DataFrame:
    values = zip(*batch, strict=True)
    return pl.DataFrame([_series(name, cells) for name, cells in zip(columns, values, strict=True)])


def _series(name: str, values: Sequence[Any]) -> pl.Series:
    if not KEPT.issuperset(map(type, values)):
        values = [_plain(value) for value in values]
    return pl.Series(name, values, strict=False)


def _plain(value: Any) -> Any:
    """The value in a type for which Polars has columns."""
    match value:
        case Decimal():
            return float(value)
        case timedelta():
            return value.total_seconds()
        case datetime(tzinfo=zone) if zone is not None:
            return value.astimezone(UTC).replace(tzinfo=None)
        case bytes() | bytearray() | memoryview():
            return bytes(value).hex()
        case dict() | list() | tuple():
            return json.dumps(value, default=str, ensure_ascii=False)
        case None | bool() | int() | float() | date():
            return value
        case _:
            return str(value)

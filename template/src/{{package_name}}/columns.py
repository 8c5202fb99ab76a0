"""Named NumPy arrays: the one form in which training and serving hand rows to the model.

A column is float64 (numbers, integers, booleans as 0 and 1; missing is NaN), object (text; missing is
the empty string) or datetime64 (missing is NaT). The service needs no data frame for a single row,
and training sees the very same values.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .schema import Column

if TYPE_CHECKING:
    import polars as pl

Columns = dict[str, NDArray[Any]]

LARGEST_NUMBER = float(np.finfo(np.float32).max)
"""The model computes in float32; a larger number would reach it as infinity."""
LARGEST_INTEGER = 2**53
"""From here on, float64 skips integers."""


def from_frame(frame: "pl.DataFrame") -> Columns:
    """Turn a Polars table into columns."""
    return {series.name: _from_series(series) for series in frame}


def _from_series(series: "pl.Series") -> NDArray[Any]:
    if series.dtype.is_temporal():
        return series.to_numpy()
    if series.dtype.is_numeric() or str(series.dtype) == "Boolean":
        return series.cast(float).to_numpy()
    return series.cast(str).fill_null("").to_numpy().astype(object)


def from_rows(rows: Sequence[Mapping[str, Any]], schema: Iterable[Column]) -> Columns:
    """Turn rows, each a mapping from column name to value or None, into columns."""
    return {column.name: _from_values([row.get(column.name) for row in rows], column) for column in schema}


def _from_values(values: list[Any], column: Column) -> NDArray[Any]:
    if column.type == "date":
        return np.array([_instant(value) for value in values], dtype="datetime64[us]")
    if column.type in ("category", "text"):
        return np.array(["" if value is None else str(value) for value in values], dtype=object)
    return np.array([np.nan if value is None else float(value) for value in values])


def _instant(value: date | str | None) -> np.datetime64:
    return np.datetime64("NaT") if value is None else np.datetime64(value, "us")


def take(columns: Columns, rows: NDArray[Any]) -> Columns:
    """The same columns, with only the given rows (indices or a mask)."""
    return {name: values[rows] for name, values in columns.items()}


def length(columns: Columns) -> int:
    """How many rows the columns hold."""
    return len(next(iter(columns.values()))) if columns else 0


def number_names(columns: Columns) -> list[str]:
    """Names of the numeric columns, in order."""
    return [name for name, values in columns.items() if values.dtype.kind == "f"]


def category_names(columns: Columns) -> list[str]:
    """Names of the text columns, in order."""
    return [name for name, values in columns.items() if values.dtype.kind == "O"]


def block(columns: Columns, names: list[str], dtype: type) -> NDArray[Any]:
    """Stack the named columns side by side: one row per example, one column per name."""
    stacked: NDArray[Any] = np.empty((length(columns), len(names)), dtype)
    for place, name in enumerate(names):
        stacked[:, place] = columns[name]
    return stacked

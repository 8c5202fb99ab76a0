"""Tables of a model whose rows stand for themselves: the features are stored as they were asked."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import polars as pl

from ...config import Component
from ...schema import Column, Schema, Type


class RowTables:
    """One column for each feature."""

    def __init__(self, schema: Schema) -> None:
        self.compared: Sequence[Column] = schema.features
        self.source = schema
        self.schema = Schema(columns=[*schema.features, schema.target])

    def table(self, features: Sequence[dict[str, Any]]) -> pl.DataFrame:
        """One row for each prediction, typed as in training; what is absent is missing."""
        return pl.DataFrame([_series(column, features) for column in self.compared])

    def examples(self, rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
        """The features with what came out; the time is that of the prediction, if the rows have a date for it."""
        table = self.table([row["features"] for row in rows])
        target, time = self.source.target, self.source.time
        found = table.with_columns(_series(target, [{target.name: row["outcome"]} for row in rows]))
        if time is not None and time.type == "date":
            found = found.with_columns(
                pl.Series(time.name, [row["time"] for row in rows], dtype=pl.Datetime("us"))
            )
        return found

    def whole(self, examples: pl.LazyFrame) -> pl.LazyFrame:
        """Every row counts."""
        return examples

    def cannot_compare(self, table: pl.DataFrame) -> str | None:
        """Return None: each row stands for itself."""
        return None


def _series(column: Column, features: Sequence[dict[str, Any]]) -> pl.Series:
    kind, read = READ.get(column.type, (pl.String(), str))
    found = (row.get(column.name) for row in features)
    return pl.Series(column.name, [None if value is None else read(value) for value in found], dtype=kind)


READ: dict[Type, tuple[pl.DataType, Callable[[Any], Any]]] = {
    "number": (pl.Float64(), float),
    "integer": (pl.Float64(), float),
    "boolean": (pl.Boolean(), bool),
    "date": (pl.Datetime("us"), datetime.fromisoformat),
}
"""How a value is read from JSON; any other is text."""


def tables(schema: Schema, windows: Component | None) -> RowTables:
    """Make the tables, as `monitor.served.tables` expects it."""
    return RowTables(schema)

"""Columns that tell the target by themselves, as no honest feature does."""

import polars as pl

from ..columns import from_frame
from ..schema import Schema
from .table import typed
from .target import Target

SAMPLE_ROWS = 20_000


def leaking(raw: pl.LazyFrame, schema: Schema, target: Target, decimal: str) -> dict[str, str]:
    """Features that determine the target on their own, each with the reason."""
    table = typed(raw.head(SAMPLE_ROWS), schema, decimal).collect()
    columns = from_frame(table.filter(pl.col(schema.target.name).is_not_null()))
    truth = columns[schema.target.name]
    return {
        column.name: f"{target.leak}; set role: feature if it is known before the prediction"
        for column in schema.features
        if target.is_told_by(column, columns[column.name], truth)
    }

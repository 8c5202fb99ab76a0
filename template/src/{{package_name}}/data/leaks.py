"""Columns that tell the target by themselves, as no honest feature does."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..columns import from_frame
from ..config import Config
from ..schema import Column, Schema
from .table import typed

SAMPLE_ROWS = 20_000
CORRELATION = 0.9999
"""Above it, a number is the target in another unit rather than a feature."""


def leaking(raw: pl.LazyFrame, schema: Schema, config: Config) -> dict[str, str]:
    """Features that determine the target on their own, each with the reason."""
    if config.task.name == "forecasting":
        return {}
    table = typed(raw.head(SAMPLE_ROWS), schema, config.data.decimal).collect()
    columns = from_frame(table.filter(pl.col(schema.target.name).is_not_null()))
    target = columns[schema.target.name]
    classes = config.task.name == "classification"
    tells = _tells_class if classes else _tells_number
    reason = (
        "leaks the target: it tells the class of every row"
        if classes
        else "leaks the target: it rises and falls with it exactly"
    )
    return {
        column.name: f"{reason}; set role: feature if it is known before the prediction"
        for column in schema.features
        if tells(column, columns[column.name], target)
    }


def _tells_class(column: Column, values: NDArray[np.generic], target: NDArray[np.generic]) -> bool:
    labels = np.unique(target.astype(str), return_inverse=True)[1]
    if column.type not in ("category", "boolean", "number", "integer"):
        return False
    known = values != "" if values.dtype.kind == "O" else ~np.isnan(values.astype(float))
    if known.mean() <= 0.5 or known.sum() < 20:
        return False
    codes = np.unique(values[known], return_inverse=True)[1]
    distinct = codes.max() + 1
    if len(np.unique(np.column_stack([codes, labels[known]]), axis=0)) > distinct:
        return False
    if column.type in ("category", "boolean"):
        return bool(1 < distinct <= known.sum() / 2)
    # A number tells the class if one interval of its values holds each class.
    return bool(1 + np.count_nonzero(np.diff(labels[known][np.argsort(codes)])) == labels.max() + 1)


def _tells_number(column: Column, values: NDArray[np.generic], target: NDArray[np.generic]) -> bool:
    if column.type not in ("number", "integer"):
        return False
    pairs = np.column_stack([values, target]).astype(float)
    pairs = pairs[~np.isnan(pairs).any(axis=1)]
    if len(pairs) < 20 or (pairs.std(axis=0) == 0).any():
        return False
    return bool(abs(np.corrcoef(pairs.T)[0, 1]) > CORRELATION)

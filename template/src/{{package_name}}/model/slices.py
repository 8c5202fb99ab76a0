"""Groups of rows that share a value: a model may be good on average and bad on one of them."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..columns import Columns
from ..schema import Column, Schema
from .judge import Judge
from .predictor import Prediction

THIRDS = ("low", "middle", "high")


def groups(values: NDArray[Any], column: Column) -> NDArray[Any]:
    """Name the group of each row: its category, or its third of the numbers; "missing" where there is none."""
    if values.dtype.kind == "O":
        return np.where(values == "", "missing", values).astype(str)
    if values.dtype.kind == "M":
        years = values.astype("datetime64[Y]").astype(str)
        return np.where(np.isnat(values), "missing", years)
    if column.type == "boolean":
        named = np.where(values == 1, "true", "false")
    elif len(np.unique(values[~np.isnan(values)])) <= 5:
        named = np.array([f"{value:g}" for value in values])
    else:
        edges = np.nanquantile(values, [1 / 3, 2 / 3])
        named = np.array(
            [
                f"{THIRDS[i]} ({_between(edges, i)})"
                for i in np.searchsorted(edges, values, side="left").clip(0, 2)
            ]
        )
    return np.where(np.isnan(values), "missing", named)


def _between(edges: NDArray[Any], i: int) -> str:
    low, high = f"{edges[0]:.4g}", f"{edges[1]:.4g}"
    return (f"up to {low}", f"{low} to {high}", f"over {high}")[i]


def slices(
    table: Columns,
    schema: Schema,
    truth: NDArray[Any],
    prediction: Prediction,
    judge: Judge,
    smallest: int,
) -> Iterator[dict[str, Any]]:
    """Score every group of every column that has enough rows."""
    for column in schema.used:
        if column.name not in table or column.role == "target":
            continue
        named = groups(table[column.name], column)
        for name in np.unique(named):
            rows = named == name
            if rows.sum() >= smallest:
                value = judge.score(truth[rows], prediction.values[rows])
                yield {
                    "column": column.name,
                    "group": str(name),
                    "rows": int(rows.sum()),
                    judge.by_group: value,
                }


def worst(found: list[dict[str, Any]], judge: Judge) -> dict[str, Any] | None:
    """The group on which the model is worst."""
    pick = min if judge.larger_is_better[judge.by_group] else max
    return pick(found, key=lambda entry: entry[judge.by_group]) if found else None

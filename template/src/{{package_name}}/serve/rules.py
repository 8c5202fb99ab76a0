"""The rows that a model may predict, and those that break a rule of its schema."""

from collections.abc import Iterator

import polars as pl

from ..columns import LARGEST_INTEGER, LARGEST_NUMBER, Columns, from_frame
from ..data.table import typed_column
from ..data.validate import value_rules
from ..schema import Column

REFUSED = {"row": pl.Int64(), "column": pl.String(), "rule": pl.String(), "value": pl.String()}
"""A broken rule: the number of the row (the first is 1), and what stands there."""
OVERFLOW = "must hold values for which the model computes a finite number"


def hold(
    batch: pl.DataFrame, columns: list[Column], decimal: str, first: int
) -> tuple[pl.Series, pl.DataFrame]:
    """Which rows obey every rule, and each rule that another one breaks; `first` is the first row's number."""
    rules = [(c.name, rule, breaks) for c in columns for rule, breaks in _rules(c, batch, decimal)]
    found = batch.select(breaks.alias(str(place)) for place, (_, _, breaks) in enumerate(rules))
    broken = [
        refused(found[str(place)], first, rule, batch[name]) for place, (name, rule, _) in enumerate(rules)
    ]
    fits = found.select(~pl.any_horizontal(pl.all())).to_series()
    return fits, pl.concat(broken).sort("row", maintain_order=True)


def refused(breaks: pl.Series, first: int, rule: str, values: pl.Series | None = None) -> pl.DataFrame:
    """The rows that break a rule, with the values of the column that it is about."""
    rows = breaks.arg_true()
    return pl.DataFrame(
        {
            "row": rows.cast(pl.Int64) + first,
            "column": pl.repeat(
                None if values is None else values.name, len(rows), dtype=pl.String, eager=True
            ),
            "rule": pl.repeat(rule, len(rows), dtype=pl.String, eager=True),
            "value": pl.repeat(None, len(rows), dtype=pl.String, eager=True)
            if values is None
            else values.gather(rows).cast(pl.String),
        },
        schema=REFUSED,
    )


def as_the_model_reads(accepted: pl.DataFrame, columns: list[Column], decimal: str) -> Columns:
    """The columns of accepted rows, typed."""
    kinds = accepted.schema
    return from_frame(accepted.select(typed_column(c, kinds[c.name], decimal).alias(c.name) for c in columns))


def _rules(column: Column, batch: pl.DataFrame, decimal: str) -> Iterator[tuple[str, pl.Expr]]:
    if column.missing == 0:
        yield "must have a value", pl.col(column.name).is_null()
    largest = {"number": LARGEST_NUMBER, "integer": LARGEST_INTEGER}.get(column.type)
    if largest is not None and column.range is None:
        column = column.model_copy(update={"range": (-largest, largest)})
    yield from value_rules(column, batch.schema[column.name], decimal)

"""What the values of each raw column could be, counted in one pass over the rows."""

from dataclasses import dataclass

import polars as pl

from ..config import DataConfig
from .rows import collect
from .table import boolean, integer, number

MOSTLY = 0.9
"""A column of which so large a share are numbers is one of numbers, with some slips."""


@dataclass(frozen=True)
class Profile:
    """A column of the raw table, and how many of its values could be what.

    table  all rows, for what counts do not tell
    """

    name: str
    kind: pl.DataType
    table: pl.LazyFrame
    decimal: str
    rows: int
    present: int
    distinct: int
    numbers: int
    integers: int
    booleans: int
    low: float | None
    high: float | None

    @property
    def is_value(self) -> bool:
        """Whether it has single values, rather than lists, bytes or spans of time."""
        plain = (pl.String, pl.Boolean, pl.Date, pl.Datetime, pl.Categorical, pl.Enum)
        return self.kind.is_numeric() or isinstance(self.kind, plain)

    @property
    def is_numeric(self) -> bool:
        """Whether all of its values are numbers, but for some slips."""
        return 0 < MOSTLY * self.present <= self.numbers

    @property
    def names_rows(self) -> bool:
        """Whether no value stands twice, in so many rows that this is no chance."""
        return self.distinct == self.present and self.rows >= 20

    def frequent(self, most: int) -> list[str]:
        """The most frequent values, as text."""
        values = self.table.select(pl.col(self.name).cast(pl.String)).filter(pl.col(self.name).is_not_null())
        counted = values.group_by(self.name).len().sort(["len", self.name], descending=[True, False])
        return collect(counted.head(most))[self.name].to_list()

    def slips(self, most: int) -> list[str]:
        """The first of the values that are no numbers."""
        values = pl.col(self.name)
        slip = values.is_not_null() & number(values, self.kind == pl.String, self.decimal).is_null()
        found = self.table.filter(slip).select(values).unique(maintain_order=True)
        return collect(found.head(most))[self.name].to_list()

    def has_decimal_comma(self) -> bool:
        """Whether its values would be numbers, were a comma their decimal mark."""
        if self.kind != pl.String or self.decimal == ",":
            return False
        count = self.table.select(number(pl.col(self.name), True, ",").count())
        return bool(collect(count).item() >= MOSTLY * self.present)


def profiles(raw: pl.LazyFrame, data: DataConfig) -> list[Profile]:
    """Count, in one pass over the rows, what the values of each column could be."""
    kinds, decimal = raw.collect_schema(), data.decimal
    counted: list[pl.Expr] = [pl.len().alias("rows")]
    for i, (name, kind) in enumerate(kinds.items()):
        text, values = kind == pl.String, pl.col(name)
        numbers = number(values, text, decimal) if text or kind.is_numeric() else pl.lit(None, pl.Float64)
        integers = integer(values, text, decimal) if text or kind.is_numeric() else pl.lit(None, pl.Int64)
        # A column of 0 and 1 stays a number: only words are taken for truth values.
        truths = boolean(values, text) if kind == pl.Boolean or text else pl.lit(None, pl.Boolean)
        counted += [
            values.count().alias(f"{i} present"),
            values.n_unique().alias(f"{i} distinct"),
            values.null_count().alias(f"{i} null"),
            numbers.count().alias(f"{i} numbers"),
            integers.count().alias(f"{i} integers"),
            truths.count().alias(f"{i} booleans"),
            numbers.min().alias(f"{i} low"),
            numbers.max().alias(f"{i} high"),
        ]
    row = collect(raw.select(counted), data.path).row(0, named=True)
    return [
        Profile(
            name=name,
            kind=kind,
            table=raw,
            decimal=decimal,
            rows=row["rows"],
            present=row[f"{i} present"],
            distinct=row[f"{i} distinct"] - (row[f"{i} null"] > 0),
            numbers=row[f"{i} numbers"],
            integers=row[f"{i} integers"],
            booleans=row[f"{i} booleans"],
            low=row[f"{i} low"],
            high=row[f"{i} high"],
        )
        for i, (name, kind) in enumerate(kinds.items())
    ]

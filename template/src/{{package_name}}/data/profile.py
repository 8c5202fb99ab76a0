"""What the values of each raw column could be, counted in one pass over the rows."""

from dataclasses import dataclass

import polars as pl

from ..config import DataConfig
from .rows import collect
from .table import boolean, integer, number

MOSTLY = 0.9
"""A column of which so large a share are numbers is one of numbers, with some slips."""
SAMPLE = 200
VALUE = "value"


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

    @property
    def values(self) -> pl.LazyFrame:
        """All values that are not missing, in one column."""
        return self.table.select(pl.col(self.name).alias(VALUE)).filter(pl.col(VALUE).is_not_null())

    def sample(self) -> pl.LazyFrame:
        """The first values, loaded: they rule out at little cost what a column might be."""
        return collect(self.values.head(SAMPLE)).lazy()

    def frequent(self, most: int) -> list[str]:
        """The most frequent values, as text."""
        counted = self.values.cast(pl.String).group_by(VALUE).len("rows")
        return list(collect(counted.sort(["rows", VALUE], descending=[True, False]).head(most))[VALUE])

    def slips(self, most: int) -> list[str]:
        """The first of the values that are no numbers."""
        slip = number(pl.col(VALUE), self.kind == pl.String, self.decimal).is_null()
        return list(collect(self.values.filter(slip).unique(maintain_order=True).head(most))[VALUE])

    def has_decimal_comma(self) -> bool:
        """Whether the first values would be numbers, were a comma their decimal mark."""
        if self.kind != pl.String or self.decimal == ",":
            return False
        first = self.sample().select(number(pl.col(VALUE), True, ",").is_not_null().mean())
        return bool(first.collect().item() >= MOSTLY)


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

"""The rules of the schema, each counted over all rows in one pass."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import floor

import polars as pl

from ..errors import SchemaError
from ..schema import Column, Schema
from .rows import collect
from .table import typed_column

EXAMPLES = 3


@dataclass(frozen=True)
class Violation:
    """A rule that rows break; `examples` pairs the number of a row (the first is 1) with its value."""

    column: str
    rule: str
    rows: int
    examples: list[tuple[int, str | None]]

    def __str__(self) -> str:
        """Say it in one line."""
        shown = ", ".join(f"row {row}: {value!r}" for row, value in self.examples)
        return f"column '{self.column}' {self.rule}: {self.rows} rows ({shown})"


def check(raw: pl.LazyFrame, schema: Schema, source: str, decimal: str = ".") -> None:
    """Hold every row against the schema.

    Raises SchemaError that lists each broken rule, with the number of rows and the first of them.
    """
    check_names(raw, schema, source)
    found = violations(raw, schema, decimal)
    if found:
        listed = "\n".join(f"  {violation}" for violation in found)
        raise SchemaError(
            f"{source} breaks conf/schema.yaml in {len(found)} ways:\n{listed}\n"
            "Mend the rows, or relax the rule in conf/schema.yaml if they are right."
        )


def check_names(raw: pl.LazyFrame, schema: Schema, source: str) -> None:
    """Raise SchemaError if the rows lack a column that the schema uses."""
    present = raw.collect_schema().names()
    lacking = [column.name for column in schema.used if column.name not in present]
    if lacking:
        raise SchemaError(
            f"{source} lacks {quoted(lacking)}, which conf/schema.yaml lists; it has {quoted(present)}: "
            "mend the file, or run `uv run poe schema` if the data is meant to be another one"
        )


def violations(raw: pl.LazyFrame, schema: Schema, decimal: str = ".") -> list[Violation]:
    """Count the rows that break each rule, and fetch the first ones of those that are broken."""
    kinds = raw.collect_schema()
    rules = [
        (column, rule, breaks)
        for column in schema.used
        for rule, breaks in _rules(column, kinds[column.name], decimal)
    ]
    counts = collect(
        raw.select(pl.len().alias("rows"), *(b.sum().alias(str(i)) for i, (_, _, b) in enumerate(rules)))
    )
    total = counts["rows"][0]
    return [
        Violation(column.name, rule, counts[str(i)][0], _examples(raw, column, breaks))
        for i, (column, rule, breaks) in enumerate(rules)
        if counts[str(i)][0] > (floor(column.missing * total) if rule.startswith("may lack") else 0)
    ]


def _rules(column: Column, kind: pl.DataType, decimal: str) -> Iterator[tuple[str, pl.Expr]]:
    if column.role != "target":  # rows without a target are dropped, not refused
        yield f"may lack a value in {column.missing:.0%} of the rows", pl.col(column.name).is_null()
    yield from value_rules(column, kind, decimal)


def value_rules(column: Column, kind: pl.DataType, decimal: str) -> Iterator[tuple[str, pl.Expr]]:
    """The rules that a value obeys, each with the expression that tells where it does not."""
    raw, value = pl.col(column.name), typed_column(column, kind, decimal)
    if column.type in ("number", "integer", "boolean", "date"):
        form = f" in the form {column.format}" if column.format else ""
        yield f"must hold a {column.type}{form}", raw.is_not_null() & value.is_null()
    if column.range is not None:
        low, high = column.range
        yield (
            f"must lie between {low:g} and {high:g}",
            (~value.is_between(low, high)).fill_null(False),
        )
    if column.categories is not None and not column.open:
        listed = value.is_in(column.categories)
        yield f"must be one of {quoted(column.categories)}", (~listed).fill_null(False)


def _examples(raw: pl.LazyFrame, column: Column, breaks: pl.Expr) -> list[tuple[int, str | None]]:
    row = f"row of {column.name}"  # no column's own name
    rows = raw.select(column.name).with_row_index(row, offset=1).filter(breaks).head(EXAMPLES)
    return collect(rows.select(row, pl.col(column.name).cast(pl.String))).rows()


def quoted(names: list[str], most: int = 12) -> str:
    """Names in quotation marks; of many, the first ones."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(f"'{name}'" for name in names[:most]) + more

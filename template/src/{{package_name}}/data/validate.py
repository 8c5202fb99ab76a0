"""The rules of the schema, each counted over all rows in one pass."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain
from math import floor

import polars as pl

from ..compute.compute import Compute
from ..compute.local import Local
from ..errors import SchemaError, counted
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
        return f"column '{self.column}' {self.rule}: {counted(self.rows, 'row')} ({shown})"


def check(raw: pl.LazyFrame, schema: Schema, source: str, decimal: str, compute: Compute) -> None:
    """Hold every row against the schema, which names no column that they lack.

    Raises SchemaError that lists each broken rule, with the number of rows and the first of them.
    """
    found = violations(raw, schema, decimal, compute)
    if found:
        listed = "\n".join(f"  {violation}" for violation in found)
        raise SchemaError(
            f"{source} breaks conf/schema.yaml in {counted(len(found), 'way')}:\n{listed}\n"
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


def violations(
    raw: pl.LazyFrame, schema: Schema, decimal: str = ".", compute: Compute | None = None
) -> list[Violation]:
    """Count the rows that break each rule, and fetch the first ones of those that are broken."""
    compute = compute or Local()
    rules = _rules(raw, schema, decimal)
    counted = compute.over(raw, partial(_count, schema, decimal))
    total, *counts = (sum(piece) for piece in zip(*counted, strict=True))
    broken = [
        i
        for i, (column, rule, _) in enumerate(rules)
        if counts[i] > (floor(column.missing * total) if rule.startswith("may lack") else 0)
    ]
    if not broken:
        return []
    found = compute.over(raw, partial(_examples, schema, decimal, broken))
    return [
        Violation(rules[i][0].name, rules[i][1], counts[i], list(chain(*examples))[:EXAMPLES])
        for i, *examples in zip(broken, *found, strict=True)
    ]


def _rules(raw: pl.LazyFrame, schema: Schema, decimal: str) -> list[tuple[Column, str, pl.Expr]]:
    """Every rule of the schema, with the expression that tells where the rows break it."""
    kinds = raw.collect_schema()
    rules = []
    for column in schema.used:
        if column.role != "target":  # rows without a target are dropped, not refused
            lacking = pl.col(column.name).is_null()
            rules.append((column, f"may lack a value in {column.missing:.0%} of the rows", lacking))
        for rule, breaks in value_rules(column, kinds[column.name], decimal):
            rules.append((column, rule, breaks))
    return rules


def _count(schema: Schema, decimal: str, raw: pl.LazyFrame, _before: int) -> list[int]:
    """How many rows there are, and how many break each rule."""
    rules = enumerate(_rules(raw, schema, decimal))
    counts = raw.select(pl.len().alias("rows"), *(breaks.sum().alias(str(i)) for i, (_, _, breaks) in rules))
    return list(collect(counts).row(0))


def _examples(
    schema: Schema, decimal: str, broken: list[int], raw: pl.LazyFrame, before: int
) -> list[list[tuple[int, str | None]]]:
    """The first rows that break each of these rules."""
    rules = _rules(raw, schema, decimal)
    examples = []
    for column, _, breaks in (rules[i] for i in broken):
        row = f"row of {column.name}"  # no column's own name
        rows = raw.select(column.name).with_row_index(row, offset=before + 1).filter(breaks).head(EXAMPLES)
        examples.append(collect(rows.select(row, pl.col(column.name).cast(pl.String))).rows())
    return examples


def value_rules(column: Column, kind: pl.DataType, decimal: str) -> Iterator[tuple[str, pl.Expr]]:
    """The rules that a value obeys, each with the expression that tells where it does not."""
    raw, value = pl.col(column.name), typed_column(column, kind, decimal)
    if column.type in ("number", "integer", "boolean", "date"):
        form = f" in the form {column.format}" if column.format else ""
        yield f"must hold {column.kind}{form}", raw.is_not_null() & value.is_null()
    if column.range is not None:
        low, high = column.range
        yield (
            f"must lie between {low:.15g} and {high:.15g}",
            (~value.is_between(low, high)).fill_null(False),
        )
    if column.categories is not None and not column.open:
        listed = value.is_in(column.categories)
        yield f"must be one of {quoted(column.categories)}", (~listed).fill_null(False)


def quoted(names: list[str], most: int = 12) -> str:
    """Names in quotation marks; of many, the first ones."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(f"'{name}'" for name in names[:most]) + more

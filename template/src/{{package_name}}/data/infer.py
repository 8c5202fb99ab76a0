"""What a table seems to hold: types, ranges, categories, and columns that a model should not see."""

import re
from dataclasses import dataclass
from math import ceil, floor, log10

import polars as pl

from ..config import Config, DataConfig
from ..errors import DataError
from ..schema import Column, Schema
from .leaks import leaking
from .rows import collect
from .table import boolean, instant, integer, number
from .validate import quoted

MOST_CATEGORIES = 50
"""A column with more distinct values than this keeps only its most frequent ones as categories."""
FREQUENT = 30
TEXT_SHARE = 0.5
"""A column of strings whose values are distinct in a larger share of the rows is free text."""
MOSTLY = 0.9
SAMPLE_ROWS = 50_000

DATE_FORMATS = (
    "%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y%m%d", "%Y-%m",
    "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S%.f%z", "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M",
)  # fmt: skip

WORDS_OF_IDENTIFIERS = re.compile(
    r"(^|[_\W])(id|ids|uuid|guid|key|index|idx|nr|number|no)($|[_\W])", re.IGNORECASE
)
WORDS_OF_PEOPLE = re.compile(
    r"(^|[_\W])(sex|gender|race|ethnicity|religion|nationality|disability|age|marital|geschlecht|sexe)($|[_\W])",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Profile:
    """Counts over one column of the raw table."""

    rows: int
    present: int
    distinct: int
    numbers: int
    integers: int
    booleans: int
    low: float | None
    high: float | None


def infer(raw: pl.LazyFrame, config: Config) -> Schema:
    """Infer the schema of the raw table.

    Raises DataError if the target is not among the columns, or cannot be a target of the task.
    """
    names = raw.collect_schema().names()
    if config.data.target not in names:
        raise DataError(
            f"data.target is '{config.data.target}', which is no column of {config.data.path}; "
            f"it has {quoted([name[:40] for name in names])}: set data.target in conf/data/ to one of them"
        )
    profiles = profile(raw, config.data)
    if profiles[config.data.target].rows == 0:
        raise DataError(f"{config.data.path} has a header and no rows: there is nothing to learn from")
    columns = [_column(raw, name, profiles[name], config) for name in names]
    if config.task.name == "forecasting":
        columns = _with_time(columns, config)
    schema = Schema(columns=columns)
    suspects = leaking(raw, schema, config)
    return Schema(
        columns=[
            column.model_copy(update={"role": "ignored", "note": suspects[column.name]})
            if column.name in suspects
            else column
            for column in columns
        ]
    )


def profile(raw: pl.LazyFrame, data: DataConfig) -> dict[str, Profile]:
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
    return {
        name: Profile(
            rows=row["rows"],
            present=row[f"{i} present"],
            distinct=row[f"{i} distinct"] - (row[f"{i} null"] > 0),
            numbers=row[f"{i} numbers"],
            integers=row[f"{i} integers"],
            booleans=row[f"{i} booleans"],
            low=row[f"{i} low"],
            high=row[f"{i} high"],
        )
        for i, name in enumerate(kinds.names())
    }


def _column(raw: pl.LazyFrame, name: str, seen: Profile, config: Config) -> Column:
    if name == config.data.target:
        return _target(raw, name, seen, config)
    if seen.present == 0:
        return Column(name=name, type="text", role="ignored", missing=1, note="empty: no row has a value")
    kind = raw.collect_schema()[name]
    if not _is_value(kind):
        note = f"{kind}: no number, text or date; turn it into one if it should be a feature"
        return Column(name=name, type="text", role="ignored", missing=1, note=note)
    missing = _allowed_missing(seen)
    column = _typed(raw, name, seen, missing, config.data.decimal)
    if seen.distinct == 1:
        return column.model_copy(update={"role": "ignored", "note": "constant: every value is the same"})
    if _is_identifier(column, seen):
        return column.model_copy(update={"role": "ignored", "note": "identifier: the values name rows"})
    if WORDS_OF_PEOPLE.search(name):
        return column.model_copy(
            update={"note": "about people? set sensitive: true to measure fairness by it"}
        )
    return column


def _is_value(kind: pl.DataType) -> bool:
    plain = (pl.String, pl.Boolean, pl.Date, pl.Datetime, pl.Categorical, pl.Enum)
    return kind.is_numeric() or isinstance(kind, plain)


def _typed(raw: pl.LazyFrame, name: str, seen: Profile, missing: float, decimal: str) -> Column:
    kind = raw.collect_schema()[name]
    if kind.is_temporal():
        return Column(name=name, type="date", missing=missing)
    form = _date_format(raw, name) if kind == pl.String else None
    if form is not None:
        both = {form, _date_format(raw, name, backwards=True)} == {"%d/%m/%Y", "%m/%d/%Y"}
        note = "read as day/month/year; set format to %m/%d/%Y if the month comes first" if both else None
        return Column(name=name, type="date", missing=missing, format=form, note=note)
    if seen.numbers >= MOSTLY * seen.present:
        strays = seen.present - seen.numbers
        note = _strays(raw, name, strays, decimal) if strays else None
        low, high = _widened(seen.low, seen.high)
        if seen.integers == seen.numbers:
            return Column(
                name=name,
                type="integer",
                missing=missing,
                range=(floor(low), ceil(high)),
                note=note,
            )
        return Column(name=name, type="number", missing=missing, range=(low, high), note=note)
    if seen.booleans == seen.present:
        return Column(name=name, type="boolean", missing=missing)
    if seen.distinct <= MOST_CATEGORIES and seen.distinct <= max(2, TEXT_SHARE * seen.present):
        values = _frequent(raw, name, MOST_CATEGORIES)
        return Column(name=name, type="category", missing=missing, categories=sorted(values))
    if seen.distinct <= TEXT_SHARE * seen.present:
        note = f"{seen.distinct} distinct values, of which the {FREQUENT} most frequent are told apart"
        values = _frequent(raw, name, FREQUENT)
        return Column(
            name=name,
            type="category",
            missing=missing,
            categories=sorted(values),
            open=True,
            note=note,
        )
    note = f"free text: {seen.distinct} distinct values in {seen.present} rows"
    if decimal == "." and kind == pl.String and _count_with_comma(raw, name) >= MOSTLY * seen.present:
        note = "looks like numbers with a decimal comma: set data.decimal to ',' and infer anew"
    return Column(name=name, type="text", role="ignored", missing=missing, note=note)


def _target(raw: pl.LazyFrame, name: str, seen: Profile, config: Config) -> Column:
    if seen.present == 0:
        raise DataError(f"the target '{name}' has a value in no row: set data.target to another column")
    kind = raw.collect_schema()[name]
    if not _is_value(kind):
        raise DataError(f"the target '{name}' is a {kind}: set data.target to a column of numbers or text")
    if config.task.name != "classification":
        if seen.numbers < MOSTLY * seen.present:
            comma = kind == pl.String and _count_with_comma(raw, name) >= MOSTLY * seen.present
            raise DataError(
                f"the target '{name}' holds a number in {seen.numbers} of {seen.present} rows, and "
                f"{config.task.name} predicts numbers: "
                + (
                    "set data.decimal to ',' in conf/data/"
                    if comma
                    else "set data.target to a numeric column, or use the task classification"
                )
            )
        column = _typed(raw, name, seen, _allowed_missing(seen), config.data.decimal)
        if column.type not in ("number", "integer"):  # such as years, which could be dates too
            low, high = _widened(seen.low, seen.high)
            column = Column(name=name, type="number", range=(low, high))
        return column.model_copy(update={"role": "target", "type": "number"})
    if seen.distinct < 2:
        raise DataError(
            f"the target '{name}' holds a single class, and a classifier needs at least two: "
            "set data.target to another column"
        )
    if seen.distinct > max(MOST_CATEGORIES, TEXT_SHARE * seen.present):
        raise DataError(
            f"the target '{name}' has {seen.distinct} distinct values in {seen.present} rows, too many "
            "for classes: set data.target to another column, or use the task regression for a number"
        )
    if raw.collect_schema()[name] == pl.Boolean or (seen.booleans == seen.present and seen.integers == 0):
        return Column(name=name, type="boolean", role="target")
    if seen.integers == seen.present and seen.low is not None and seen.high is not None:
        return Column(name=name, type="integer", role="target", range=(seen.low, seen.high))
    classes = sorted(_frequent(raw, name, seen.distinct))
    return Column(name=name, type="category", role="target", categories=classes)


def _with_time(columns: list[Column], config: Config) -> list[Column]:
    dates = [column.name for column in columns if column.type == "date"]
    if not dates:
        raise DataError(
            f"{config.data.path} has no column of dates, and a forecast needs one: "
            "add it, or mend its form (2026-01-31 is read without asking)"
        )
    return [
        column.model_copy(update={"role": "time", "missing": 0.0}) if column.name == dates[0] else column
        for column in columns
    ]


def _date_format(raw: pl.LazyFrame, name: str, *, backwards: bool = False) -> str | None:
    """The first format that reads every value; a sample rules most of them out at little cost."""
    formats = DATE_FORMATS[::-1] if backwards else DATE_FORMATS
    present = raw.select(pl.col(name)).filter(pl.col(name).is_not_null())
    sample = present.head(200).collect()
    for form in formats:
        if _reads(sample.lazy(), name, form) and _reads(present, name, form):
            return form
    return None


def _reads(rows: pl.LazyFrame, name: str, form: str) -> bool:
    # Bare digits are dates only if they name a plausible day.
    if form in ("%Y%m%d", "%Y-%m"):
        shaped = pl.col(name).str.contains(r"^(19|20)\d\d-?(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])?$")
    else:
        shaped = pl.lit(True)
    read = instant(pl.col(name), form).is_not_null() & shaped
    return bool(rows.select(read.all()).collect(engine="streaming").item())


def _is_identifier(column: Column, seen: Profile) -> bool:
    if seen.distinct < seen.present or seen.rows < 20:
        return False
    if column.type == "integer" and seen.low is not None and seen.high is not None:
        counts_rows = seen.high - seen.low + 1 == seen.distinct
        return counts_rows or bool(WORDS_OF_IDENTIFIERS.search(column.name))
    return column.type == "text"


def _frequent(raw: pl.LazyFrame, name: str, most: int) -> list[str]:
    values = raw.select(pl.col(name).cast(pl.String)).filter(pl.col(name).is_not_null())
    counted = values.group_by(name).len().sort(["len", name], descending=[True, False])
    return counted.head(most).collect(engine="streaming")[name].to_list()


def _strays(raw: pl.LazyFrame, name: str, count: int, decimal: str) -> str:
    stray = pl.col(name).is_not_null() & number(pl.col(name), True, decimal).is_null()
    values = raw.filter(stray).select(pl.col(name)).unique(maintain_order=True).head(3).collect()[name]
    shown = ", ".join(repr(value) for value in values)
    return f"{count} values are no numbers (such as {shown}): mend them, or add them to data.missing"


def _count_with_comma(raw: pl.LazyFrame, name: str) -> int:
    numbers = number(pl.col(name), True, ",")
    return int(collect(raw.select(numbers.count())).item())


def _allowed_missing(seen: Profile) -> float:
    """Twice what was seen and never less than two points more, so that the next month fits too."""
    share = 1 - seen.present / seen.rows
    return 0.0 if share == 0 else min(1.0, ceil(100 * max(2 * share, share + 0.02)) / 100)


def _widened(low: float | None, high: float | None) -> tuple[float, float]:
    """The observed range and a quarter of it on both sides, but not below zero if no value is."""
    if low is None or high is None:
        raise ValueError("a column of numbers has a smallest and a largest one")
    margin = (high - low) / 4
    if margin == 0:
        return low, high
    bottom = low - margin if low < 0 else max(0.0, low - margin)
    step = 10.0 ** (floor(log10(margin)) - 1)
    return _clean(floor(bottom / step) * step), _clean(ceil((high + margin) / step) * step)


def _clean(value: float) -> float:
    return float(f"{value:.10g}")

"""Typed columns from raw ones: what the schema says a value is, or null where it is not."""

import polars as pl

from ..columns import LARGEST_NUMBER
from ..schema import Column, Schema

TRUE = ("true", "t", "yes", "y", "1", "1.0")
FALSE = ("false", "f", "no", "n", "0", "0.0")

Instant = pl.Datetime("us")


def typed(raw: pl.LazyFrame, schema: Schema, decimal: str = ".") -> pl.LazyFrame:
    """Cast the schema's used columns to their types; a value that does not fit becomes null."""
    kinds = raw.collect_schema()
    return raw.select(typed_column(c, kinds[c.name], decimal).alias(c.name) for c in schema.used)


def typed_column(column: Column, kind: pl.DataType, decimal: str = ".") -> pl.Expr:
    """The expression that turns a raw column of the given kind into the schema's type."""
    values = pl.col(column.name)
    is_text = kind in (pl.String, pl.Categorical, pl.Enum)
    if is_text:
        values = values.cast(pl.String)
    match column.type:
        case "number":
            return number(values, is_text, decimal)
        case "integer":
            return integer(values, is_text, decimal)
        case "boolean":
            return boolean(values, is_text)
        case "date":
            return instant(values, column.format) if is_text else values.cast(Instant, strict=False)
        case _:
            return values.cast(pl.String, strict=False)


def number(values: pl.Expr, is_text: bool, decimal: str = ".") -> pl.Expr:
    """Numbers that the model can hold; with a decimal comma, a point may separate thousands and nothing else."""
    if is_text and decimal == ",":
        fits = values.str.contains(r"^[^.]*$|^[+-]?\d{1,3}(\.\d{3})+(,\d*)?$")
        values = values.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
        values = pl.when(fits).then(values)
    numbers = values.cast(pl.Float64, strict=False)
    return pl.when(numbers.abs() <= LARGEST_NUMBER).then(numbers)


def integer(values: pl.Expr, is_text: bool, decimal: str = ".") -> pl.Expr:
    """Whole numbers, also those written as 3.0."""
    numbers = number(values, is_text, decimal)
    whole = pl.when(numbers == numbers.round()).then(numbers).cast(pl.Int64, strict=False)
    # The direct cast keeps the digits that a float64 cannot hold.
    return pl.coalesce(values.cast(pl.Int64, strict=False), whole) if is_text else whole


def boolean(values: pl.Expr, is_text: bool) -> pl.Expr:
    """True and false in their usual spellings."""
    if not is_text:
        return values.cast(pl.Boolean, strict=False)
    words = values.str.to_lowercase()
    return pl.when(words.is_in(TRUE)).then(True).when(words.is_in(FALSE)).then(False)


def instant(values: pl.Expr, form: str | None) -> pl.Expr:
    """Points in time, without a time zone; a zone that the text gives is converted to UTC."""
    form = form or "%Y-%m-%d"
    if "%z" in form:
        return values.str.to_datetime(form, strict=False, time_unit="us").dt.replace_time_zone(None)
    if "%H" in form:
        return values.str.to_datetime(form, strict=False, time_unit="us")
    # A format without a day, such as %Y-%m, names the first one of its period.
    missing = "".join(f"-{part}" for part in ("%m", "%d") if part not in form)
    suffix = "".join("-01" for _ in missing[::3])
    return (values + suffix).str.to_date(form + missing, strict=False).cast(Instant)

"""How a column of text writes dates, if it does."""

import polars as pl

from .rows import collect
from .table import instant

FORMATS = (
    "%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y%m%d", "%Y-%m",
    "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S%.f%z", "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M",
)  # fmt: skip
SAMPLE = 200
"""So many values rule most formats out at little cost."""


def date_format(table: pl.LazyFrame, name: str) -> str | None:
    """The first format that reads every value of a column of text."""
    present, sample = _present(table, name), _sample(table, name)
    readable = (form for form in FORMATS if _read(sample, name, form) and _read(present, name, form))
    return next(readable, None)


def month_first(table: pl.LazyFrame, name: str, form: str) -> str | None:
    """The format that reads every value, too, with the month before the day."""
    other = form.replace("%d/%m/", "%m/%d/")
    return other if other != form and _read(_present(table, name), name, other) else None


def are_dates(table: pl.LazyFrame, name: str, least: float) -> bool:
    """Whether so large a share of the first values are dates, in whichever formats."""
    sample = _sample(table, name)
    dates = sample.select(pl.any_horizontal(_is_read(name, form) for form in FORMATS)).collect()
    return len(dates) > 0 and dates.to_series().sum() >= least * len(dates)


def _present(table: pl.LazyFrame, name: str) -> pl.LazyFrame:
    return table.select(pl.col(name)).filter(pl.col(name).is_not_null())


def _sample(table: pl.LazyFrame, name: str) -> pl.LazyFrame:
    return collect(_present(table, name).head(SAMPLE)).lazy()


def _read(rows: pl.LazyFrame, name: str, form: str) -> bool:
    return bool(collect(rows.select(_is_read(name, form).all())).item())


def _is_read(name: str, form: str) -> pl.Expr:
    read = instant(pl.col(name), form).is_not_null()
    if form not in ("%Y%m%d", "%Y-%m"):
        return read
    # Bare digits are dates only if they name a plausible day.
    return read & pl.col(name).str.contains(r"^(19|20)\d\d-?(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])?$")

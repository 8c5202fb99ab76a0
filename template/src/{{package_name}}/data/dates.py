"""How a column of text writes dates, if it does."""

import polars as pl

from .profile import MOSTLY, VALUE, Profile
from .rows import collect
from .table import instant

FORMATS = (
    "%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y%m%d", "%Y-%m",
    "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S%.f%z", "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M",
)  # fmt: skip


def date_format(seen: Profile) -> str | None:
    """The first format that reads every value."""
    sample = seen.sample()
    return next((form for form in FORMATS if _reads(form, sample) and _reads(form, seen.values)), None)


def month_first(seen: Profile, form: str) -> str | None:
    """The format that reads every value as well, with the month before the day."""
    other = form.replace("%d/%m/", "%m/%d/")
    return other if other != form and _reads(other, seen.values) else None


def are_dates(seen: Profile) -> bool:
    """Whether nearly all of the first values are dates, in whichever formats."""
    dates = seen.sample().select(pl.any_horizontal(map(_is_date, FORMATS)).mean())
    return bool(dates.collect().item() >= MOSTLY)


def _reads(form: str, values: pl.LazyFrame) -> bool:
    return bool(collect(values.select(_is_date(form).all())).item())


def _is_date(form: str) -> pl.Expr:
    read = instant(pl.col(VALUE), form).is_not_null()
    if form not in ("%Y%m%d", "%Y-%m"):
        return read
    # Bare digits are dates only if they name a plausible day.
    return read & pl.col(VALUE).str.contains(r"^(19|20)\d\d-?(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])?$")

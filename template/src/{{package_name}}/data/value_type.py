"""The type that a column seems to have, with rules that its values obey."""

from math import ceil, floor, log10

import polars as pl

from ..errors import counted
from ..schema import Column
from .dates import are_dates, date_format, month_first
from .profile import Profile

MOST_CATEGORIES = 50
"""A column with more distinct values than this keeps only its most frequent ones as categories."""
FREQUENT = 30
TEXT_SHARE = 0.5
"""A column of strings whose values are distinct in a larger share of the rows is free text."""
LIKE_DATES = "looks like dates in several forms, or with slips: write all in one form, and infer anew"


def typed_as(seen: Profile) -> Column:
    """The column as a feature; ignored if it is free text, which no model here learns from."""
    missing = _allowed_missing(seen)
    if seen.kind.is_temporal():
        return Column(name=seen.name, type="date", missing=missing)
    form = date_format(seen) if seen.kind == pl.String else None
    if form is not None:
        other = month_first(seen, form)
        note = f"read as day/month/year; set format to {other} if the month comes first" if other else None
        return Column(name=seen.name, type="date", missing=missing, format=form, note=note)
    if seen.is_numeric:
        return numeric(seen)
    if seen.booleans == seen.present:
        return Column(name=seen.name, type="boolean", missing=missing)
    return _worded(seen)


def numeric(seen: Profile) -> Column:
    """A column of numbers, with a range that new rows may be expected to stay in."""
    assert seen.low is not None and seen.high is not None  # noqa: PT018, S101 - it has numbers
    low, high = widened(seen.low, seen.high)
    is_whole = seen.integers == seen.numbers
    return Column(
        name=seen.name,
        type="integer" if is_whole else "number",
        missing=_allowed_missing(seen),
        range=(floor(low), ceil(high)) if is_whole else (low, high),
        note=_about_slips(seen),
    )


def _about_slips(seen: Profile) -> str | None:
    count = seen.present - seen.numbers
    if count == 0:
        return None
    shown = ", ".join(repr(value) for value in seen.slips(3))
    return f"no number in {counted(count, 'row')} (such as {shown}): mend them, or add them to data.missing"


def _worded(seen: Profile) -> Column:
    """A column of words: categories if they come again and again, else free text."""
    missing, advice = _allowed_missing(seen), _advice(seen)
    if seen.distinct > max(2, TEXT_SHARE * seen.present):
        free = f"free text: {seen.distinct} distinct values in {seen.present} rows"
        note = advice or ("identifier: the values name rows" if seen.names_rows else free)
        return Column(name=seen.name, type="text", role="ignored", missing=missing, note=note)
    is_open = seen.distinct > MOST_CATEGORIES
    if is_open:
        many = f"{seen.distinct} distinct values, of which the {FREQUENT} most frequent are told apart"
        advice = advice or many
    return Column(
        name=seen.name,
        type="category",
        missing=missing,
        categories=sorted(seen.frequent(FREQUENT if is_open else MOST_CATEGORIES)),
        open=is_open,
        note=advice,
    )


def _advice(seen: Profile) -> str | None:
    """What to mend where words seem to be meant as something else."""
    if seen.has_decimal_comma():
        return "looks like numbers with a decimal comma: set data.decimal to ',' and infer anew"
    if seen.kind == pl.String and are_dates(seen):
        return LIKE_DATES
    return None


def _allowed_missing(seen: Profile) -> float:
    """Twice what was seen and never less than two points more, so that the next month fits too."""
    share = 1 - seen.present / seen.rows
    return 0.0 if share == 0 else min(1.0, ceil(100 * max(2 * share, share + 0.02)) / 100)


def widened(low: float, high: float) -> tuple[float, float]:
    """The observed range and a quarter of it on both sides, but not below zero if no value is."""
    margin = (high - low) / 4
    if margin == 0:
        return low, high
    bottom = low - margin if low < 0 else max(0.0, low - margin)
    # To two digits of the margin; where those are finer than a float's own, the values seen stay inside.
    digits = min(1 - floor(log10(margin)), 300)
    step = 10.0**-digits
    return (
        min(low, round(floor(bottom / step) * step, digits)),
        max(high, round(ceil((high + margin) / step) * step, digits)),
    )

"""Every column tested on both sides, corrected for the number of tests, and the conclusion from it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from ..config import MonitorConfig
from ..schema import Type
from . import histogram
from .drift import Comparison, Counts, Numbers, adjusted, compare_counts, compare_numbers
from .verdict import BrokenRule, Change, ColumnVerdict, Role, Verdict

MICROSECONDS_PER_DAY = 86_400_000_000
DIGITS = 9


@dataclass(frozen=True)
class Quantity:
    """One column on both sides."""

    name: str
    role: Role
    type: Type
    reference: pl.Series
    new: pl.Series


def judge(
    quantities: Sequence[Quantity],
    predicted: Quantity | None,
    config: MonitorConfig,
    file: str,
    quality: list[BrokenRule],
) -> Verdict:
    """Test every column and the predictions, correct for the number of tests, and draw the conclusion."""
    everything = [*quantities, *([predicted] if predicted else [])]
    tests = [test for quantity in everything for test in (values(quantity), missingness(quantity))]
    corrected = iter(adjusted([test.p_value for test in tests if test is not None]))
    changes = [None if test is None else _judged(test, next(corrected), config) for test in tests]
    columns = [
        _column(quantity, changes[2 * place], changes[2 * place + 1])
        for place, quantity in enumerate(everything)
    ]
    prediction = columns.pop() if predicted else None
    share = sum(column.drifted for column in columns) / len(columns)
    return Verdict(
        file=file,
        drifted=share > config.share_of_columns or (prediction is not None and prediction.drifted),
        reference_rows=len(quantities[0].reference),
        new_rows=len(quantities[0].new),
        false_alarms=config.false_alarms,
        smallest_effect=config.smallest_effect,
        share_of_columns=config.share_of_columns,
        columns=columns,
        prediction=prediction,
        quality=quality,
    )


def values(quantity: Quantity) -> Comparison | None:
    """Compare the values that are there; None if one side has none."""
    if not (quantity.reference.count() and quantity.new.count()):
        return None
    if is_numeric(quantity):
        return compare_numbers(*numbers(quantity))
    return compare_counts(counts(quantity.reference), counts(quantity.new))


def missingness(quantity: Quantity) -> Comparison | None:
    """Compare how many rows lack a value; None if no row does."""
    sides = [
        {"missing": side.null_count(), "present": side.count()} for side in (quantity.reference, quantity.new)
    ]
    return compare_counts(*sides) if any(side["missing"] for side in sides) else None


def is_numeric(quantity: Quantity) -> bool:
    """Whether the values lie on a line: numbers and dates do."""
    return quantity.type in ("number", "integer", "date")


def numbers(quantity: Quantity) -> tuple[Numbers, Numbers]:
    """The values that are there on both sides; dates as days since 1970.

    Rounded to nine digits of the size that is usual in the column: a rounding error is no drift.
    """
    sides = [_floats(side.drop_nulls()) for side in (quantity.reference, quantity.new)]
    usual = float(np.quantile(np.abs(np.concatenate(sides)), 0.9)) if any(map(len, sides)) else 1.0
    # Below the smallest normal number, ten to the power of the digits would overflow.
    decimals = DIGITS - 1 - int(np.floor(np.log10(max(usual, 1e-290))))
    return np.round(sides[0], decimals), np.round(sides[1], decimals)


def _floats(series: pl.Series) -> Numbers:
    if series.dtype.is_temporal():
        series = series.dt.timestamp("us") / MICROSECONDS_PER_DAY
    return series.cast(pl.Float64).to_numpy()


def counts(series: pl.Series) -> Counts:
    """How often each category occurs, in an order that equal rows share."""
    found = series.drop_nulls().cast(pl.String).value_counts()
    return dict(sorted(found.rows()))


def _judged(test: Comparison, corrected: float, config: MonitorConfig) -> Change:
    return Change(
        test=test.test,
        statistic=test.statistic,
        p_value=test.p_value,
        corrected_p_value=corrected,
        effect=test.effect,
        drifted=corrected < config.false_alarms and test.effect > config.smallest_effect,
    )


def _column(quantity: Quantity, values: Change | None, missing: Change | None) -> ColumnVerdict:
    sides = quantity.reference, quantity.new
    if is_numeric(quantity):
        bins = histogram.of_numbers(*numbers(quantity), LABELS[quantity.type])
    else:
        bins = histogram.of_counts(counts(sides[0]), counts(sides[1]))
    return ColumnVerdict(
        name=quantity.name,
        role=quantity.role,
        type=quantity.type,
        values=values,
        missing=missing,
        missing_in_reference=quantity.reference.null_count() / len(quantity.reference),
        missing_in_new=quantity.new.null_count() / len(quantity.new),
        histogram=bins,
    )


def _plain(value: float) -> str:
    return f"{value:,.0f}" if 1e4 <= abs(value) < 1e15 else f"{value:.4g}"


def _day(days: float) -> str:
    return str((datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=days)).date())


LABELS: dict[Type, Callable[[float], str]] = {"number": _plain, "integer": _plain, "date": _day}
"""How the edge of a bin is written."""

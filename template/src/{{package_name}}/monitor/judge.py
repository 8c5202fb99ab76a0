"""Every column tested on both sides, corrected for the number of tests, and the conclusion from it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import Field

from ..config import Section
from ..report.wording import figure
from ..schema import Type
from . import histogram
from .drift import Comparison, adjusted, compare_counts, compare_numbers
from .page import page
from .quantity import Quantity, Sides, counts, is_numeric, numbers
from .verdict import Change, ColumnVerdict, Verdict


class BuiltinReport(Section):
    """SciPy's tests, with a page of their own; the settings are explained in conf/monitor/builtin.yaml."""

    false_alarms: Annotated[float, Field(gt=0, lt=1)]
    smallest_effect: Annotated[float, Field(ge=0)]
    share_of_columns: Annotated[float, Field(ge=0, le=1)]

    def compare(self, sides: Sides) -> tuple[Verdict, str]:
        """What drifted, and a page about it."""
        verdict = judge(sides, self)
        return verdict, page(verdict, self.model_dump())


def judge(sides: Sides, limits: BuiltinReport) -> Verdict:
    """Test every column and the predictions, correct for the number of tests, and draw the conclusion."""
    everything = sides.everything
    tests = [test for quantity in everything for test in (values(quantity), missingness(quantity))]
    corrected = iter(adjusted([test.p_value for test in tests if test is not None]))
    changes = [None if test is None else _judged(test, next(corrected), limits) for test in tests]
    judged = [
        _column(quantity, changes[2 * place], changes[2 * place + 1])
        for place, quantity in enumerate(everything)
    ]
    return sides.conclusion(judged, limits.share_of_columns)


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


def _judged(test: Comparison, corrected: float, limits: BuiltinReport) -> Change:
    return Change(
        test=test.test,
        statistic=test.statistic,
        p_value=test.p_value,
        corrected_p_value=corrected,
        effect=test.effect,
        drifted=corrected < limits.false_alarms and test.effect > limits.smallest_effect,
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


def _day(days: float) -> str:
    return str((datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=days)).date())


LABELS: dict[Type, Callable[[float], str]] = {"number": figure, "integer": figure, "date": _day}
"""How the edge of a bin is written."""

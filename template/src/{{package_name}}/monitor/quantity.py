"""What is compared: the columns and predictions on both sides."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..schema import Type
from .verdict import BrokenRule, ColumnVerdict, Role, Verdict

MICROSECONDS_PER_DAY = 86_400_000_000
DIGITS = 9

Numbers = NDArray[np.float64]
Counts = Mapping[str, int]


@dataclass(frozen=True)
class Quantity:
    """One column on both sides."""

    name: str
    role: Role
    type: Type
    reference: pl.Series
    new: pl.Series


@dataclass(frozen=True)
class Sides:
    """All that a report of drift is made from.

    file       what the new rows are called
    columns    none if only predictions are compared
    predicted  the predictions, if there is a model
    quality    the rules of the schema that new rows break
    """

    file: str
    columns: list[Quantity]
    predicted: Quantity | None
    quality: list[BrokenRule]

    @property
    def everything(self) -> list[Quantity]:
        """The columns, and the predictions if there are some."""
        return [*self.columns, *([self.predicted] if self.predicted else [])]

    @property
    def rows(self) -> tuple[int, int]:
        """How many rows either side has; a column may be compared in fewer of them than others."""
        most = max(self.columns or self.everything, key=lambda one: len(one.new))
        return len(most.reference), len(most.new)

    def conclusion(self, judged: list[ColumnVerdict], share_of_columns: float) -> Verdict:
        """The verdict on all: drift if more than that share of the columns has drifted, or the predictions have.

        judged  one for each of `everything`, in its order
        """
        columns, prediction = (judged[:-1], judged[-1]) if self.predicted else (judged, None)
        share = sum(column.drifted for column in columns) / max(len(columns), 1)
        reference_rows, new_rows = self.rows
        return Verdict(
            file=self.file,
            drifted=share > share_of_columns or (prediction is not None and prediction.drifted),
            reference_rows=reference_rows,
            new_rows=new_rows,
            columns=columns,
            prediction=prediction,
            quality=self.quality,
        )


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

"""The scorer of a model that forecasts: the rows of a series in, its next values out."""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..columns import Columns, from_frame, take
from ..data.windows import DATE, latest
from ..errors import DataError
from ..model.predictor import Predictor
from .rules import as_the_model_reads, hold
from .series import Series


class Ahead:
    """All rows together give one prediction per step, from the end of the series on."""

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor
        self._series = Series(predictor.signature)
        self.columns = self._series.columns

    def check_names(self, present: list[str]) -> None:
        """Do nothing: the predictions stand in a table of their own."""

    def part(self, batch: pl.DataFrame, decimal: str, first: int) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The accepted rows that a forecast may need, and the refused ones with their rules."""
        fits, broken = hold(batch, self.columns, decimal, first)
        rows = as_the_model_reads(batch.filter(fits), self.columns, decimal)
        rows = {name: values for name, values in rows.items() if values.dtype != object}
        if fits.any():
            rows = take(rows, self._needed(rows))
        return pl.DataFrame(rows), broken

    def result(self, parts: pl.LazyFrame, source: str) -> pl.LazyFrame:
        """The next values, from the rows that all parts have kept."""
        rows = from_frame(parts.collect())
        stamps = self._stamps(rows)
        if not len(stamps):
            raise DataError(
                f"every row of {source} breaks a rule of the schema: mend them; they are listed beside the output"
            )
        if (rule := self._series.windows.broken_rule(stamps)) is not None:
            raise DataError(f"{source} must be {rule}")
        windows = latest(rows, self._series.source, self._series.windows, self._series.windows.horizon)
        prediction = self._predictor.predict(windows)
        if not prediction.is_finite.all():
            raise DataError(
                f"{source} lies so far from all that the model was trained on that it computes no number"
            )
        date = pl.Series("date", windows[DATE])
        kind = pl.Datetime("us") if self._series.windows.frequency == "h" else pl.Date()
        return pl.LazyFrame([date.cast(kind), pl.Series("prediction", prediction.values)])

    def example(self) -> list[dict[str, Any]]:
        """Rows that just suffice."""
        return self._series.example()

    def _needed(self, rows: Columns) -> NDArray[np.bool_]:
        """Which rows lie in the last windows, or hold the values that are carried into them."""
        stamps = self._stamps(rows)
        first = stamps.max() - self._series.windows.lasting(self._series.windows.history - 1)
        numbers = [values for values in rows.values() if values.dtype.kind == "f"]
        carried = [stamps[~np.isnan(values) & (stamps <= first)] for values in numbers]
        return np.asarray(stamps >= min([first, *(known.max() for known in carried if len(known))]))

    def _stamps(self, rows: Columns) -> NDArray[np.datetime64]:
        return rows[self.columns[0].name].astype(f"datetime64[{self._series.windows.frequency}]")


def scorer(predictor: Predictor) -> Ahead:
    """Make the scorer, as `serve.score` expects it."""
    return Ahead(predictor)

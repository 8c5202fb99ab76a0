"""What a model that forecasts asks for: the latest rows of its series."""

from typing import Any

import numpy as np

from ..data.windows import Windows
from ..model.predictor import Signature
from ..schema import Column, Schema
from .examples import example


class Series:
    """The rows that a forecast goes on from.

    source   the schema of the series, as training read it
    windows  how the series is cut
    columns  what a row must have: time, target and features
    """

    def __init__(self, signature: Signature) -> None:
        source = signature.table.source
        assert source is not None and source.time is not None  # noqa: S101, PT018 - set when the model was signed
        self.source: Schema = source
        self.windows = Windows.model_validate(signature.windows)
        # The past may lie outside the range that training saw; the target is a column like any other here.
        target = source.target.model_copy(update={"range": None, "missing": 0.0})
        self.columns: list[Column] = [source.time, target, *source.features]

    def example(self) -> list[dict[str, Any]]:
        """Rows that just suffice."""
        frequency = self.windows.frequency
        ago = np.arange(self.windows.history)[::-1] * self.windows.lasting(1)
        periods = np.datetime64("2024-01-01", frequency) - ago
        values = {column.name: example(column) for column in self.columns[1:]}
        low, high = self.source.target.range or (0.0, 2.0)
        values[self.source.target.name] = float(f"{(low + high) / 2:.4g}")
        days = periods.astype("datetime64[s]" if frequency == "h" else "datetime64[D]")
        return [{self.columns[0].name: str(day), **values} for day in days]

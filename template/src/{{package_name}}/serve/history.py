"""The contract of a model that forecasts: the latest history in, the next values out."""

from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, create_model, model_validator

from ..columns import Columns, from_rows
from ..data.windows import DATE, NAMES, Windows, latest
from ..model.predictor import Prediction, Signature
from ..schema import Column, Schema
from .rows import example, row_model

MOST_ROWS = 10_000
"""Rows of one request: years of a daily series."""


class History:
    """A request tells the series up to now; the answer goes on from there."""

    def __init__(self, signature: Signature) -> None:
        self._windows = Windows.model_validate(signature.windows)
        source = signature.table.source
        assert source is not None and source.time is not None  # noqa: S101, PT018 - set when the model was signed
        self._source: Schema = source
        # The past may lie outside the range that training saw; the target is a column like any other here.
        target = source.target.model_copy(update={"range": None, "missing": 0.0})
        self.columns: list[Column] = [source.time, target, *source.features]
        self.request_model = _request_model(self.columns, source, self._windows)
        self.example = {"history": self._history(), "horizon": min(3, self._windows.horizon)}
        self.answer_model = create_model(
            "Prediction", date=(str, ...), prediction=(float, Field(title=source.target.name))
        )

    def to_columns(self, request: Any) -> Columns:
        """Cut the windows that end with the last row."""
        return latest(_columns(request.history, self.columns), self._source, self._windows, request.horizon)

    def answers(self, request: Any, prediction: Prediction) -> list[dict[str, Any]]:
        """Give one entry per step, the next one first."""
        dates = self.to_columns(request)[DATE].astype(f"datetime64[{self._windows.frequency}]")
        return [
            {"date": str(date), "prediction": value}
            for date, value in zip(dates, prediction.values.tolist(), strict=True)
        ]

    def _history(self) -> list[dict[str, Any]]:
        """Rows that just suffice, for the OpenAPI page."""
        periods = (
            np.datetime64("2024-01-01", self._windows.frequency) - np.arange(self._windows.history)[::-1]
        )
        values = {column.name: example(column) for column in self.columns[1:]}
        low, high = self._source.target.range or (0.0, 2.0)
        values[self._source.target.name] = float(f"{(low + high) / 2:.4g}")
        days = (
            periods.astype("datetime64[s]")
            if self._windows.frequency == "h"
            else periods.astype("datetime64[D]")
        )
        return [{self.columns[0].name: str(day), **values} for day in days]


def contract(signature: Signature) -> History:
    """Make the contract, as `serve.contract` expects it."""
    return History(signature)


def _columns(rows: list[Any], columns: list[Column]) -> Columns:
    return from_rows([row.by_column() for row in rows], columns)


def _request_model(columns: list[Column], source: Schema, windows: Windows) -> type[BaseModel]:
    row: Any = row_model(columns)
    time = columns[0].name

    def long_enough(request: Any) -> Any:
        stamps = _columns(request.history, columns[:1])[time].astype(f"datetime64[{windows.frequency}]")
        span = int((stamps.max() - stamps.min()).astype(int)) + 1
        if span < windows.history:
            raise ValueError(
                f"a history of at least {windows.history} {NAMES[windows.frequency]}, of which the model reads "
                f"lags and season; this one spans {span}"
            )
        if span > 10 * MOST_ROWS:
            raise ValueError(
                f"a history without dates so far apart: this one spans {span} {NAMES[windows.frequency]}"
            )
        # Gaps carry the value before them; where they are most of what the model reads, it would forecast those.
        filled = len(np.unique(stamps[stamps > stamps.max() - windows.history]))
        if filled < windows.history / 2:
            raise ValueError(
                f"a history with a value in at least half of the last {windows.history} "
                f"{NAMES[windows.frequency]}; this one, which ends with {stamps.max()}, has {filled}"
            )
        return request

    return create_model(
        "PredictionRequest",
        __config__=ConfigDict(extra="forbid"),
        __validators__={"long_enough": model_validator(mode="after")(long_enough)},  # type: ignore[dict-item]
        history=(Annotated[list[row], Field(min_length=1, max_length=MOST_ROWS)], ...),
        horizon=(Annotated[int, Field(strict=True, ge=1, le=windows.horizon)], windows.horizon),
    )

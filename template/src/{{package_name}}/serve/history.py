"""The contract of a model that forecasts: the latest history in, the next values out."""

from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, FailFast, Field, create_model, model_validator

from ..columns import Columns, from_rows, take
from ..data.windows import DATE, LEVEL, NAMES, Windows, latest
from ..model.predictor import Prediction, Signature
from ..schema import Column
from .rows import row_model
from .series import Series

MOST_ROWS = 10_000
"""Rows of one request: years of a daily series."""


class History:
    """A request tells the series up to now; the answer goes on from there."""

    def __init__(self, signature: Signature) -> None:
        self._series = Series(signature)
        self._windows = self._series.windows
        self.columns = self._series.columns
        row, steps = row_model(self.columns), _steps(self._windows)
        self.request_model = self._body("PredictionRequest", row, horizon=(steps, self._windows.horizon))
        self.example = {"history": self._series.example(), "horizon": min(3, self._windows.horizon)}
        self.explanation_model = self._body("ExplanationRequest", row, step=(steps, 1))
        self.explanation_example = {"history": self._series.example(), "step": 1}
        title = self._series.source.target.name
        self.answer_model = create_model(
            "Prediction", date=(str, ...), prediction=(float, Field(title=title))
        )

    def rows_held(self, request: Any) -> int:
        """Count the rows of the history, or the periods to forecast if these are more."""
        return max(len(request.history), int(request.horizon))

    def to_columns(self, request: Any) -> Columns:
        """Cut the windows that end with the last row."""
        return self._windows_of(request.history, request.horizon)

    def answers(self, columns: Columns, prediction: Prediction) -> list[dict[str, Any]]:
        """Give one entry per step, the next one first."""
        dates = columns[DATE].astype(f"datetime64[{self._windows.frequency}]")
        return [
            {"date": str(date), "prediction": value}
            for date, value in zip(dates, prediction.values.tolist(), strict=True)
        ]

    def explained_row(self, request: Any) -> Columns:
        """Cut the window that ends with the last row, for the one step that is asked for."""
        return take(self._windows_of(request.history, request.step), np.array([-1]))

    def explained_label(self, request: Any) -> str | None:
        """Give none: a forecast has no classes."""
        return None

    def _windows_of(self, history: list[Any], steps: int) -> Columns:
        return latest(_columns(history, self.columns), self._series.source, self._windows, steps)

    def _body(self, name: str, row: Any, **more: Any) -> type[BaseModel]:
        """A history that is long enough, and what else is asked."""
        time, windows = self.columns[0], self._windows

        def long_enough(request: Any) -> Any:
            stamps = _columns(request.history, [time])[time.name].astype(f"datetime64[{windows.frequency}]")
            span = int((stamps.max() - stamps.min()).astype(int)) + 1
            if span > 10 * MOST_ROWS:
                raise ValueError(
                    f"a history without dates so far apart: this one spans {span} {NAMES[windows.frequency]}"
                )
            if (rule := windows.broken_rule(stamps)) is not None:
                raise ValueError(rule)
            return request

        # At least half of what the model reads must be there; a shorter one is refused by the rule above, in its words.
        least: dict[str, Any] = {"minItems": -(-windows.history // 2)}
        return create_model(
            name,
            __config__=ConfigDict(extra="forbid"),
            __validators__={"long_enough": model_validator(mode="after")(long_enough)},  # type: ignore[dict-item]
            history=(
                Annotated[
                    list[row],
                    Field(min_length=1, max_length=MOST_ROWS, json_schema_extra=least),
                    FailFast(),
                ],
                ...,
            ),
            **more,
        )

    def inputs(self, request: Any, columns: Columns, answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Give the last known period, its value, and the period that is forecast.

        The history itself would be kept over and over.
        """
        origin = np.datetime64(answers[0]["date"], self._windows.frequency) - self._windows.lasting(1)
        return [
            {"origin": str(origin), "date": entry["date"], "level": level}
            for entry, level in zip(answers, columns[LEVEL].tolist(), strict=True)
        ]


def contract(signature: Signature) -> History:
    """Make the contract, as `serve.contract` expects it."""
    return History(signature)


def _columns(rows: list[Any], columns: list[Column]) -> Columns:
    return from_rows([row.by_column() for row in rows], columns)


def _steps(windows: Windows) -> Any:
    return Annotated[int, Field(strict=True, ge=1, le=windows.horizon)]

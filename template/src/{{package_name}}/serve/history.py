"""The contract of a model that forecasts: the latest history in, the next values out."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, create_model, model_validator

from ..columns import Columns, from_rows
from ..data.windows import DATE, NAMES, Windows, latest
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
        self.request_model = _request_model(self.columns, self._windows)
        self.example = {"history": self._series.example(), "horizon": min(3, self._windows.horizon)}
        title = self._series.source.target.name
        self.answer_model = create_model(
            "Prediction", date=(str, ...), prediction=(float, Field(title=title))
        )

    def to_columns(self, request: Any) -> Columns:
        """Cut the windows that end with the last row."""
        return latest(
            _columns(request.history, self.columns), self._series.source, self._windows, request.horizon
        )

    def answers(self, request: Any, prediction: Prediction) -> list[dict[str, Any]]:
        """Give one entry per step, the next one first."""
        dates = self.to_columns(request)[DATE].astype(f"datetime64[{self._windows.frequency}]")
        return [
            {"date": str(date), "prediction": value}
            for date, value in zip(dates, prediction.values.tolist(), strict=True)
        ]


def contract(signature: Signature) -> History:
    """Make the contract, as `serve.contract` expects it."""
    return History(signature)


def _columns(rows: list[Any], columns: list[Column]) -> Columns:
    return from_rows([row.by_column() for row in rows], columns)


def _request_model(columns: list[Column], windows: Windows) -> type[BaseModel]:
    row: Any = row_model(columns)
    time = columns[0].name

    def long_enough(request: Any) -> Any:
        stamps = _columns(request.history, columns[:1])[time].astype(f"datetime64[{windows.frequency}]")
        span = int((stamps.max() - stamps.min()).astype(int)) + 1
        if span > 10 * MOST_ROWS:
            raise ValueError(
                f"a history without dates so far apart: this one spans {span} {NAMES[windows.frequency]}"
            )
        if (rule := windows.broken_rule(stamps)) is not None:
            raise ValueError(rule)
        return request

    return create_model(
        "PredictionRequest",
        __config__=ConfigDict(extra="forbid"),
        __validators__={"long_enough": model_validator(mode="after")(long_enough)},  # type: ignore[dict-item]
        history=(Annotated[list[row], Field(min_length=1, max_length=MOST_ROWS)], ...),
        horizon=(Annotated[int, Field(strict=True, ge=1, le=windows.horizon)], windows.horizon),
    )

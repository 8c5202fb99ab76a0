"""Forecasting: rolling origins, the last season as baseline, errors scaled by it."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from .. import paths
from ..columns import Columns
from ..data.windows import DATE, LEVEL, ORIGIN, SEASONAL, STEP
from ..errors import DataError
from ..files import read_json
from ..schema import Schema
from .judge import Fold, Rows
from .predictor import Prediction


class Forecasting:
    """Judge of forecasts.

    scale  the error of repeating the last season in training, by which MASE divides; taken from reports/data.json
           if it is not given
    """

    offset = LEVEL
    by_group = "mae"
    naive = "repeats the value of the last season"
    drawn = "blocks of origins, each a horizon long"
    larger_is_better: ClassVar[dict[str, bool]] = {"mase": False, "mae": False, "rmse": False, "smape": False}

    def __init__(self, scale: float | None = None) -> None:
        self._scale = scale

    def target(self, columns: Columns, schema: Schema) -> NDArray[Any]:
        """The values to forecast."""
        return columns[schema.target.name]

    def folds(
        self,
        columns: Columns,
        target: NDArray[Any],
        count: int,
        seed: int,
        groups: NDArray[Any] | None = None,
    ) -> Iterable[Fold]:
        """Roll the origin through the later half: fit to what was known then, score what followed.

        The evaluation on a rolling forecasting origin of Hyndman and Athanasopoulos (2021), section 5.10.

        Raises DataError if the later half has fewer origins than there are folds.
        """
        origins = np.unique(columns[ORIGIN])
        if len(origins) < 2 * count:
            raise DataError(
                f"the training rows give {len(origins)} origins to roll through, and {count} folds need {2 * count}: "
                "bring a longer series, or lower folds in conf/config.yaml"
            )
        blocks = np.array_split(origins[len(origins) // 2 :], count)
        for block in blocks:
            known = np.flatnonzero(columns[DATE] <= block[0])
            yield known, np.flatnonzero(np.isin(columns[ORIGIN], block))

    def baseline(self, known: Columns, target: NDArray[Any], asked: Columns) -> Prediction:
        """The value of the last season: the seasonal naive forecast."""
        return Prediction(asked[LEVEL] + asked[SEASONAL])

    def blocks(self, columns: Columns, schema: Schema) -> Rows:
        """As many neighbouring origins as a horizon has steps: their forecasts are about the same periods."""
        _, place = np.unique(columns[ORIGIN], return_inverse=True)
        return place // int(columns[STEP].max())

    def measure(self, truth: NDArray[Any], prediction: Prediction) -> dict[str, float]:
        """Errors in units of the seasonal naive forecast's, in the target's unit, and in per cent."""
        errors = np.abs(truth - prediction.values)
        size = np.maximum(np.abs(truth) + np.abs(prediction.values), np.finfo(float).tiny)
        return {
            "mase": float(errors.mean() / self.scale),
            "mae": float(errors.mean()),
            "rmse": float(np.sqrt((errors**2).mean())),
            "smape": float((200 * errors / size).mean()),
        }

    @property
    def scale(self) -> float:
        """What one MASE is worth, in the target's unit."""
        if self._scale is None:
            self._scale = float(read_json(paths.DATA_REPORT)["seasonal_error"])
        # Where the season repeats exactly, there is no error to scale by: MASE is then the MAE.
        return self._scale or 1.0

    def score(self, truth: NDArray[Any], values: NDArray[Any]) -> float:
        """Mean absolute error."""
        return float(np.abs(truth - values).mean())

    def details(self, truth: NDArray[Any], prediction: Prediction) -> dict[str, Any]:
        """Where the errors lie: actual minus forecast, in the target's unit."""
        errors = truth - prediction.values
        quantiles = {f"p{q}": float(np.percentile(errors, q)) for q in (5, 25, 50, 75, 95)}
        return {"errors": {"mean": float(errors.mean()), "std": float(errors.std()), **quantiles}}

    def plots(
        self, truth: NDArray[Any], prediction: Prediction, columns: Columns
    ) -> dict[str, list[dict[str, Any]]]:
        """Forecasts that follow each other without overlap; the error by step."""
        rows = _side_by_side(columns)
        forecasts = [
            {
                "date": str(date.astype("datetime64[s]")),
                "actual": float(actual),
                "predicted": float(predicted),
            }
            for date, actual, predicted in zip(
                columns[DATE][rows], truth[rows], prediction.values[rows], strict=True
            )
        ]
        return {"forecast": forecasts, "horizon": _by_step(truth, prediction.values, columns)}

    def draw(
        self, truth: NDArray[Any], prediction: Prediction, columns: Columns, folder: Path
    ) -> dict[str, str]:
        """Forecasts against what came, and the error by step beside the baseline's."""
        from .series_figures import draw_forecasts, draw_horizon

        rows = _side_by_side(columns)
        draw_forecasts(
            columns[DATE][rows],
            truth[rows],
            prediction.values[rows],
            columns[ORIGIN][rows],
            folder / "forecast.png",
        )
        naive = self.baseline(columns, truth, columns).values
        draw_horizon(
            _by_step(truth, prediction.values, columns),
            _by_step(truth, naive, columns),
            folder / "horizon.png",
        )
        return {
            "forecast.png": "Forecasts against what came, each line from an origin of its own",
            "horizon.png": "How the error grows with the step, beside the seasonal naive forecast",
        }


def _side_by_side(columns: Columns) -> NDArray[np.intp]:
    """Rows of origins that lie a whole horizon apart, in the order of their dates."""
    origins = np.unique(columns[ORIGIN])[:: int(columns[STEP].max())]
    rows = np.flatnonzero(np.isin(columns[ORIGIN], origins))
    return rows[np.argsort(columns[DATE][rows], kind="stable")]


def _by_step(truth: NDArray[Any], values: NDArray[Any], columns: Columns) -> list[dict[str, Any]]:
    errors = np.abs(truth - values)
    return [
        {"step": int(step), "mae": float(errors[columns[STEP] == step].mean())}
        for step in np.unique(columns[STEP])
    ]

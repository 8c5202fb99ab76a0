"""Regression: shuffled folds, the median as baseline, errors in the target's unit, residuals."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..columns import Columns, length
from ..schema import Schema
from .judge import Fold, Rows, blocks_of_rows
from .predictor import Prediction


class Regression:
    """Judge of a model that predicts a number."""

    offset = None
    by_group = "mae"
    naive = "always says the median"
    drawn = "rows"
    larger_is_better: ClassVar[dict[str, bool]] = {
        "mae": False,
        "rmse": False,
        "median_error": False,
        "r2": True,
    }

    def target(self, columns: Columns, schema: Schema) -> NDArray[Any]:
        """The numbers to predict."""
        return columns[schema.target.name]

    def folds(
        self,
        columns: Columns,
        target: NDArray[Any],
        count: int,
        seed: int,
        groups: NDArray[Any] | None = None,
    ) -> Iterable[Fold]:
        """Shuffled folds of equal size; whole groups stay together."""
        from sklearn.model_selection import GroupKFold, KFold

        if groups is not None:
            return list(GroupKFold(count, shuffle=True, random_state=seed).split(target, groups=groups))
        return list(KFold(count, shuffle=True, random_state=seed).split(target))

    def baseline(self, known: Columns, target: NDArray[Any], asked: Columns) -> Prediction:
        """The median, which has the smallest mean absolute error of all constants."""
        return Prediction(np.full(length(asked), np.median(target)))

    def blocks(self, columns: Columns, schema: Schema) -> Rows:
        """Rows of one group hang together; others stand for themselves."""
        return blocks_of_rows(columns, schema)

    def measure(self, truth: NDArray[Any], prediction: Prediction) -> dict[str, float]:
        """Errors in the target's unit, and the share of the variance that is explained."""
        errors = truth - prediction.values
        variance = np.var(truth)
        return {
            "mae": float(np.abs(errors).mean()),
            "rmse": float(np.sqrt((errors**2).mean())),
            "median_error": float(np.median(np.abs(errors))),
            "r2": float(1 - (errors**2).mean() / variance) if variance > 0 else 0.0,
        }

    def score(self, truth: NDArray[Any], values: NDArray[Any]) -> float:
        """Mean absolute error."""
        return float(np.abs(truth - values).mean())

    def details(self, truth: NDArray[Any], prediction: Prediction) -> dict[str, Any]:
        """Where the residuals lie: actual minus predicted, in the target's unit."""
        residuals = truth - prediction.values
        quantiles = {f"p{q}": float(np.percentile(residuals, q)) for q in (5, 25, 50, 75, 95)}
        return {
            "residuals": {
                "mean": float(residuals.mean()),
                "std": float(residuals.std()),
                **quantiles,
            }
        }

    def plots(
        self, truth: NDArray[Any], prediction: Prediction, columns: Columns
    ) -> dict[str, list[dict[str, Any]]]:
        """Actual, predicted and residual of each test row."""
        rows = [
            {"actual": float(a), "predicted": float(p), "residual": float(a - p)}
            for a, p in zip(truth, prediction.values, strict=True)
        ]
        return {"residuals": rows}

    def draw(
        self, truth: NDArray[Any], prediction: Prediction, columns: Columns, folder: Path
    ) -> dict[str, str]:
        """Predicted against actual, and the residuals."""
        from .number_figures import draw_agreement, draw_residuals

        draw_agreement(truth, prediction.values, folder / "predicted.png")
        draw_residuals(truth - prediction.values, folder / "residuals.png")
        return {
            "predicted.png": "Predicted against actual, in test rows",
            "residuals.png": "How the errors are distributed, in test rows",
        }

"""Classification: stratified folds, the most frequent class as baseline, macro metrics, calibration."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn import config_context
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    precision_recall_fscore_support,
    roc_auc_score,
)
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from ..columns import Columns
from ..schema import Schema
from .figures import ACCENT, GRID, QUIET, canvas, save, shorten
from .judge import Fold
from .labels import labels
from .predictor import Prediction

BINS = 10


class Classification:
    """Judge of a classifier."""

    offset = None
    by_group = "accuracy"
    larger_is_better: ClassVar[dict[str, bool]] = {
        "macro_f1": True,
        "accuracy": True,
        "precision": True,
        "recall": True,
        "roc_auc": True,
        "log_loss": False,
    }

    def target(self, columns: Columns, schema: Schema) -> NDArray[Any]:
        """Labels as text, whatever the type of the column."""
        return labels(columns[schema.target.name], schema.target)

    def folds(
        self, columns: Columns, target: NDArray[Any], count: int, seed: int, groups: NDArray[Any] | None = None
    ) -> Iterable[Fold]:
        """Folds with the same share of every class; a class with fewer rows than folds misses some."""
        by_class = StratifiedKFold(count, shuffle=True, random_state=seed)
        if groups is not None:
            by_class = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
        return list(by_class.split(np.zeros(len(target)), target.astype(str), groups))

    def baseline(self, known: Columns, target: NDArray[Any], asked: Columns) -> Prediction:
        """The most frequent class, with the classes' shares as probabilities."""
        classes, counts = np.unique(target.astype(str), return_counts=True)
        rows = len(next(iter(asked.values())))
        shares = np.tile(counts / counts.sum(), (rows, 1))
        return Prediction(np.full(rows, classes[counts.argmax()], dtype=object), tuple(classes), shares)

    def measure(self, truth: NDArray[Any], prediction: Prediction) -> dict[str, float]:
        """Macro averages over the classes that occur in the truth or the predictions."""
        truth, values = truth.astype(str), prediction.values.astype(str)
        with config_context(skip_parameter_validation=True, assume_finite=True):
            precision, recall, f1, _ = precision_recall_fscore_support(
                truth, values, average="macro", zero_division=0.0
            )
            return {
                "macro_f1": float(f1),
                "accuracy": float(accuracy_score(truth, values)),
                "precision": float(precision),
                "recall": float(recall),
                "roc_auc": _roc_auc(truth, prediction),
                "log_loss": _log_loss(truth, prediction),
            }

    def score(self, truth: NDArray[Any], values: NDArray[Any]) -> float:
        """Accuracy."""
        return float(np.mean(truth == values))

    def details(self, truth: NDArray[Any], prediction: Prediction) -> dict[str, Any]:
        """Metrics per class, and how far confidence and accuracy part."""
        precision, recall, f1, rows = precision_recall_fscore_support(
            truth.astype(str), prediction.values.astype(str), labels=prediction.classes, zero_division=0.0
        )
        per_class = [
            {"class": name, "rows": int(n), "precision": float(p), "recall": float(r), "f1": float(f)}
            for name, n, p, r, f in zip(prediction.classes, rows, precision, recall, f1, strict=True)
        ]
        reliability = _reliability(truth, prediction)
        off = sum(b["rows"] * abs(b["confidence"] - b["accuracy"]) for b in reliability)
        return {"classes": per_class, "calibration": {"error": off / len(truth), "bins": reliability}}

    def plots(
        self, truth: NDArray[Any], prediction: Prediction, columns: Columns
    ) -> dict[str, list[dict[str, Any]]]:
        """Actual and predicted class of each test row; confidence against accuracy."""
        pairs = [
            {"actual": actual, "predicted": predicted}
            for actual, predicted in zip(truth, prediction.values, strict=True)
        ]
        return {"confusion": pairs, "calibration": _reliability(truth, prediction)}

    def draw(
        self, truth: NDArray[Any], prediction: Prediction, columns: Columns, folder: Path
    ) -> dict[str, str]:
        """Confusion matrix and reliability diagram."""
        _draw_confusion(truth, prediction, folder / "confusion.png")
        _draw_reliability(_reliability(truth, prediction), folder / "calibration.png")
        return {
            "confusion.png": "Which class is taken for which, in test rows",
            "calibration.png": "How often the model is right, by how sure it says it is",
        }


def _roc_auc(truth: NDArray[np.str_], prediction: Prediction) -> float:
    """Mean over the classes of one against the rest, for those that have both sides (Hand and Till 2001)."""
    assert prediction.probabilities is not None  # noqa: S101 - a classifier gives them
    areas = [
        roc_auc_score(truth == label, prediction.probabilities[:, i])
        for i, label in enumerate(prediction.classes)
        if 0 < np.count_nonzero(truth == label) < len(truth)
    ]
    return float(np.mean(areas)) if areas else 0.5


def _log_loss(truth: NDArray[np.str_], prediction: Prediction) -> float:
    """Mean negative logarithm of the true class's probability; 1e-7 stands for what a model never saw."""
    assert prediction.probabilities is not None  # noqa: S101 - a classifier gives them
    place = {label: i for i, label in enumerate(prediction.classes)}
    of_truth = [
        row[place[label]] if label in place else 0.0
        for label, row in zip(truth, prediction.probabilities, strict=True)
    ]
    return float(-np.log(np.maximum(of_truth, 1e-7)).mean())


def _reliability(truth: NDArray[Any], prediction: Prediction) -> list[dict[str, Any]]:
    """Accuracy in bins of the predicted class's probability (expected calibration error, Guo et al. 2017)."""
    assert prediction.probabilities is not None  # noqa: S101 - a classifier gives them
    confidence = prediction.probabilities.max(axis=1)
    right = truth == prediction.values
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return [
        {
            "confidence": float(confidence[bins == i].mean()),
            "accuracy": float(right[bins == i].mean()),
            "rows": int(np.count_nonzero(bins == i)),
        }
        for i in np.unique(bins)
    ]


def _draw_confusion(truth: NDArray[Any], prediction: Prediction, path: Path) -> None:
    names = list(prediction.classes)
    counts = confusion_matrix(truth.astype(str), prediction.values.astype(str), labels=names)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    size = max(3.6, 1.6 + 0.55 * len(names))
    figure, axes = canvas(size + 0.8, size)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    if len(names) <= 20:
        for row, column in np.ndindex(counts.shape):
            colour = "white" if shares[row, column] > 0.5 else "#1f2933"
            axes.text(column, row, str(counts[row, column]), ha="center", va="center", color=colour)
    ticks = [shorten(name, 14) for name in names]
    axes.set_xticks(range(len(names)), ticks, rotation=0 if len(names) < 6 else 90)
    axes.set_yticks(range(len(names)), ticks)
    axes.set_xlabel("predicted")
    axes.set_ylabel("actual")
    axes.set_title("Confusion, test rows", loc="left")
    save(figure, path)


def _draw_reliability(bins: list[dict[str, Any]], path: Path) -> None:
    figure, axes = canvas(4.6, 4.0)
    axes.plot([0, 1], [0, 1], color=QUIET, linestyle="--", linewidth=1)
    axes.scatter(
        [b["confidence"] for b in bins],
        [b["accuracy"] for b in bins],
        s=[20 + 200 * b["rows"] / sum(b["rows"] for b in bins) for b in bins],
        color=ACCENT,
        zorder=3,
    )
    axes.grid(color=GRID)
    axes.set_xlim(0, 1.03)
    axes.set_ylim(0, 1.03)
    axes.set_xlabel("confidence of the model")
    axes.set_ylabel("share that is right")
    axes.set_title("Calibration, test rows", loc="left")
    save(figure, path)

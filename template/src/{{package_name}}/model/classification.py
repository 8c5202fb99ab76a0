"""Classification: stratified folds, the most frequent class as baseline, macro metrics, calibration."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..columns import Columns, length
from ..errors import DataError
from ..schema import Schema
from .judge import Fold, Rows, blocks_of_rows
from .labels import labels
from .predictor import Prediction

BINS = 10


class Classification:
    """Judge of a classifier."""

    offset = None
    by_group = "accuracy"
    naive = "always says the most frequent class"
    drawn = "rows"
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
        self,
        columns: Columns,
        target: NDArray[Any],
        count: int,
        seed: int,
        groups: NDArray[Any] | None = None,
    ) -> Iterable[Fold]:
        """Folds with the same share of every class; a class with fewer rows than folds misses some.

        Raises DataError if a fold leaves one class to learn from, as when all others are in one group.
        """
        from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

        by_class = StratifiedKFold(count, shuffle=True, random_state=seed)
        if groups is not None:
            by_class = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
        found = list(by_class.split(np.zeros(len(target)), target.astype(str), groups))
        for fitting, _ in found:
            if len(np.unique(target[fitting].astype(str))) < 2:
                raise DataError(
                    f"a fold leaves only rows of class {target[fitting][0]!r} to learn from: bring rows of the other "
                    "classes, in more groups if the schema has a column with that role"
                )
        return found

    def baseline(self, known: Columns, target: NDArray[Any], asked: Columns) -> Prediction:
        """The most frequent class, with the classes' shares as probabilities."""
        classes, counts = np.unique(target.astype(str), return_counts=True)
        rows = length(asked)
        shares = np.tile(counts / counts.sum(), (rows, 1))
        return Prediction(np.full(rows, classes[counts.argmax()], dtype=object), tuple(classes), shares)

    def blocks(self, columns: Columns, schema: Schema) -> Rows:
        """Rows of one group hang together; others stand for themselves."""
        return blocks_of_rows(columns, schema)

    def measure(self, truth: NDArray[Any], prediction: Prediction) -> dict[str, float]:
        """Macro averages over the classes that occur in the truth or the predictions.

        Plain NumPy: the bootstrap asks hundreds of times, and scikit-learn's checks cost ten times the work.
        """
        precision, recall, f1 = per_class(confusion(truth, prediction))
        return {
            "macro_f1": float(f1.mean()),
            "accuracy": self.score(truth, prediction.values),
            "precision": float(precision.mean()),
            "recall": float(recall.mean()),
            "roc_auc": _roc_auc(truth, prediction),
            "log_loss": _log_loss(truth, prediction),
        }

    def score(self, truth: NDArray[Any], values: NDArray[Any]) -> float:
        """Accuracy."""
        return float(np.mean(truth == values))

    def details(self, truth: NDArray[Any], prediction: Prediction) -> dict[str, Any]:
        """Metrics per class, and how far confidence and accuracy part."""
        counts = confusion(truth, prediction, occurring=False)
        rows = counts.sum(axis=1)
        classes = [
            {
                "class": name,
                "rows": int(n),
                "precision": float(p),
                "recall": float(r),
                "f1": float(f),
            }
            for name, n, p, r, f in zip(_names(truth, prediction), rows, *per_class(counts), strict=True)
        ]
        reliability = _reliability(truth, prediction)
        off = sum(b["rows"] * abs(b["confidence"] - b["accuracy"]) for b in reliability)
        return {"classes": classes, "calibration": {"error": off / len(truth), "bins": reliability}}

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
        from .class_figures import draw_confusion, draw_reliability

        names = [str(name) for name in _names(truth, prediction)]
        draw_confusion(confusion(truth, prediction, occurring=False), names, folder / "confusion.png")
        draw_reliability(_reliability(truth, prediction), folder / "calibration.png")
        return {
            "confusion.png": "Which class is taken for which, in test rows",
            "calibration.png": "How often the model is right, by how sure it says it is",
        }


def confusion(truth: NDArray[Any], prediction: Prediction, *, occurring: bool = True) -> NDArray[np.int64]:
    """How often each class (row) was predicted as each class (column), sorted by name.

    Classes that neither occur nor were predicted are left out if `occurring`.
    """
    names = _names(truth, prediction)
    pairs = np.searchsorted(names, truth.astype(str)) * len(names)
    pairs += np.searchsorted(names, prediction.values.astype(str))
    counts: NDArray[np.int64] = np.bincount(pairs, minlength=len(names) ** 2).reshape(len(names), len(names))
    present = counts.any(axis=0) | counts.any(axis=1) if occurring else np.ones(len(names), dtype=bool)
    return np.asarray(counts[np.ix_(present, present)])


def per_class(counts: NDArray[np.int64]) -> tuple[NDArray[np.float64], ...]:
    """Precision, recall and F1 of each class; 0 where a class was never predicted or does not occur."""
    right = np.diag(counts)
    predicted, actual = counts.sum(axis=0), counts.sum(axis=1)
    precision = right / np.maximum(predicted, 1)
    recall = right / np.maximum(actual, 1)
    return precision, recall, 2 * right / np.maximum(predicted + actual, 1)


def _names(truth: NDArray[Any], prediction: Prediction) -> NDArray[np.str_]:
    return np.unique([*prediction.classes, *np.unique(truth.astype(str))])


def _roc_auc(truth: NDArray[Any], prediction: Prediction) -> float:
    """Mean over the classes of one against the rest, for those that have both sides (Hand and Till 2001).

    The area is the share of pairs that stand in the right order (Mann and Whitney 1947); ties count half.
    """
    assert prediction.probabilities is not None  # noqa: S101 - a classifier gives them
    areas = []
    for i, label in enumerate(prediction.classes):
        of_class = truth == label
        inside, outside = np.count_nonzero(of_class), np.count_nonzero(~of_class)
        if inside and outside:
            ranks = _ranks(prediction.probabilities[:, i])
            areas.append((ranks[of_class].sum() - inside * (inside + 1) / 2) / (inside * outside))
    return float(np.mean(areas)) if areas else 0.5


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks from 1; equal values share the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[inverse]


def _log_loss(truth: NDArray[Any], prediction: Prediction) -> float:
    """Mean negative logarithm of the true class's probability; 1e-7 stands for what a model never saw."""
    assert prediction.probabilities is not None  # noqa: S101 - a classifier gives them
    of_truth = np.zeros(len(truth))
    for i, label in enumerate(prediction.classes):
        of_class = truth == label
        of_truth[of_class] = prediction.probabilities[of_class, i]
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

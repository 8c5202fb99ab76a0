"""How much worse the predictions become when a column is shuffled."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..columns import Columns
from .judge import Judge
from .predictor import Predictor


def importance(
    predictor: Predictor,
    columns: Columns,
    truth: NDArray[Any],
    judge: Judge,
    metric: str,
    repeats: int,
    seed: int,
) -> list[dict[str, Any]]:
    """Permutation importance by source column (Breiman 2001; Fisher, Rudin and Dominici 2019).

    Shuffled before the features are computed, so that a date or a category counts as one column.
    """
    rng = np.random.default_rng(seed)
    sign = 1 if judge.larger_is_better[metric] else -1
    whole = judge.measure(truth, predictor.predict(columns))[metric]
    found = []
    for name, values in columns.items():
        losses = []
        for _ in range(repeats):
            shuffled = columns | {name: values[rng.permutation(len(values))]}
            losses.append(sign * (whole - judge.measure(truth, predictor.predict(shuffled))[metric]))
        found.append({"column": name, "mean": float(np.mean(losses)), "std": float(np.std(losses))})
    return sorted(found, key=lambda entry: entry["mean"], reverse=True)

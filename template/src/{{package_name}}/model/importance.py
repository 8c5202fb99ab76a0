"""How much worse the predictions become when a column is shuffled."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..columns import Columns
from .judge import Judge
from .predictor import Predictor


def importance(
    predictor: Predictor,
    table: Columns,
    names: Iterable[str],
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
    whole = judge.measure(truth, predictor.predict(table))[metric]
    found = []
    for name in names:
        values: NDArray[Any] = table[name]
        losses = []
        for _ in range(repeats):
            shuffled = table | {name: values[rng.permutation(len(values))]}
            losses.append(sign * (whole - judge.measure(truth, predictor.predict(shuffled))[metric]))
        found.append({"column": name, "mean": float(np.mean(losses)), "std": float(np.std(losses))})
    return sorted(found, key=lambda entry: entry["mean"], reverse=True)

"""How far a metric could have come out otherwise, had other rows been drawn."""

from collections.abc import Callable

import numpy as np

Measure = Callable[[np.ndarray], dict[str, float]]


def intervals(
    measure: Measure, rows: int, resamples: int, confidence: float, seed: int
) -> dict[str, tuple[float, float]]:
    """Percentile bootstrap over the rows (Efron and Tibshirani 1993, chapter 13).

    `measure` takes row indices, with repetitions, and returns metrics by name.
    """
    rng = np.random.default_rng(seed)
    draws = [measure(rng.integers(rows, size=rows)) for _ in range(resamples)]
    tail = (1 - confidence) / 2
    return {
        name: tuple(np.quantile([draw[name] for draw in draws], [tail, 1 - tail]).tolist())
        for name in draws[0]
    }

"""How far a metric could have come out otherwise, had other rows been drawn."""

from collections.abc import Callable

import numpy as np

from .judge import Rows

Measure = Callable[[Rows], dict[str, float]]


def intervals(
    measure: Measure, blocks: Rows, resamples: int, confidence: float, seed: int
) -> dict[str, tuple[float, float]]:
    """Percentile bootstrap over blocks of rows (Efron and Tibshirani 1993, chapter 13).

    Rows that say much the same, such as forecasts from neighbouring origins, share a block and are drawn
    together; taken one by one they would pretend to more knowledge than there is (Künsch 1989).

    measure  takes row indices, with repetitions, and returns metrics by name
    blocks   the number of each row's block, one per row
    """
    order = np.argsort(blocks, kind="stable")
    _, first, sizes = np.unique(blocks[order], return_index=True, return_counts=True)
    rng = np.random.default_rng(seed)
    draws = []
    for _ in range(resamples):
        drawn = rng.integers(len(sizes), size=len(sizes))
        taken = sizes[drawn]
        # Where each block starts in `order`, and from there on row by row.
        starts = np.repeat(first[drawn] - (np.cumsum(taken) - taken), taken)
        draws.append(measure(order[starts + np.arange(taken.sum())]))
    tail = (1 - confidence) / 2
    return {
        name: tuple(np.quantile([draw[name] for draw in draws], [tail, 1 - tail]).tolist())
        for name in draws[0]
    }

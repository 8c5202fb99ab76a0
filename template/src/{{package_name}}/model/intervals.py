"""How far a metric could have come out otherwise, had other rows been drawn."""

from collections.abc import Callable

import numpy as np
from scipy.special import ndtr, stdtrit

from .judge import Rows

Measure = Callable[[Rows], dict[str, float]]
Interval = tuple[float, float] | tuple[None, None]


def intervals(
    measure: Measure, blocks: Rows, resamples: int, confidence: float, seed: int
) -> dict[str, Interval]:
    """Percentile bootstrap over blocks of rows (Efron and Tibshirani 1993, chapter 13).

    Rows that say much the same, such as those of one group or forecasts from neighbouring origins, share a
    block and are drawn together; taken one by one they would pretend to more knowledge than there is (blocks
    side by side, as Carlstein 1986 has them; Künsch 1989 shows why blocks). A single block says nothing about
    how far others lie apart: both ends are then None.

    measure  takes row indices, with repetitions, and returns metrics by name
    blocks   the number of each row's block, one per row
    """
    order = np.argsort(blocks, kind="stable")
    _, first, sizes = np.unique(blocks[order], return_index=True, return_counts=True)
    if len(sizes) == 1:
        return dict.fromkeys(measure(order), (None, None))
    rng = np.random.default_rng(seed)
    draws = []
    for _ in range(resamples):
        drawn = rng.integers(len(sizes), size=len(sizes))
        taken = sizes[drawn]
        # Where each block starts in `order`, and from there on row by row.
        starts = np.repeat(first[drawn] - (np.cumsum(taken) - taken), taken)
        draws.append(measure(order[starts + np.arange(taken.sum())]))
    tail = expanded_tail(len(sizes), confidence)
    return {
        name: tuple(np.quantile([draw[name] for draw in draws], [tail, 1 - tail]).tolist())
        for name in draws[0]
    }


def expanded_tail(blocks: int, confidence: float) -> float:
    """The share of the draws beyond each end of the interval.

    Draws from few blocks vary less than the metric does. The ends are moved outwards as far as Student's
    interval for a mean lies outside the normal one (the expanded percentiles of Hesterberg 2015).
    """
    beyond = -stdtrit(blocks - 1, (1 - confidence) / 2) * np.sqrt(blocks / (blocks - 1))
    return float(ndtr(-beyond))

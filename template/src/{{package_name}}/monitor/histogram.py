"""Two samples side by side, in bins that a person can read."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from .quantity import Counts, Numbers
from .verdict import Bin

BINS = 20
MOST_CATEGORIES = 8
OTHERS = "all others"


def of_numbers(reference: Numbers, new: Numbers, label: Callable[[float], str]) -> list[Bin]:
    """Bins of equal width; the first and the last one also hold what lies beyond them.

    The outermost half percent of both samples does not stretch the picture.
    """
    values = np.concatenate([reference, new])
    distinct = np.unique(values)
    if len(distinct) <= BINS:
        edges = np.append(distinct, np.inf)
        labels = [label(value) for value in distinct]
    else:
        low, high = np.quantile(values, [0.005, 0.995])
        if low == high:
            low, high = distinct[0], distinct[-1]
        edges = np.linspace(low, high, BINS + 1)
        labels = [f"{label(a)} to {label(b)}" for a, b in pairwise(edges)]
    counts = [_counts(side, edges) for side in (reference, new)]
    return [
        Bin(label=text, reference=a / max(len(reference), 1), new=b / max(len(new), 1))
        for text, a, b in zip(labels, *counts, strict=True)
    ]


def _counts(sample: Numbers, edges: Numbers) -> list[float]:
    places = np.clip(np.searchsorted(edges, sample, "right") - 1, 0, len(edges) - 2)
    return [float(count) for count in np.bincount(places, minlength=len(edges) - 1)]


def of_counts(reference: Counts, new: Counts) -> list[Bin]:
    """One bin per category, the most frequent first; the smallest ones share a bin."""
    totals = [max(sum(side.values()), 1) for side in (reference, new)]
    shares = {
        name: (reference.get(name, 0) / totals[0], new.get(name, 0) / totals[1])
        for name in {**reference, **new}
    }
    names = sorted(shares, key=lambda name: (-max(shares[name]), name))
    shown = names if len(names) <= MOST_CATEGORIES else names[: MOST_CATEGORIES - 1]
    bins = [Bin(label=name, reference=shares[name][0], new=shares[name][1]) for name in shown]
    rest = [shares[name] for name in names[len(shown) :]]
    if rest:
        bins.append(
            Bin(label=OTHERS, reference=sum(share for share, _ in rest), new=sum(share for _, share in rest))
        )
    return bins

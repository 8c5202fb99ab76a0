"""Whether two samples of one quantity differ: beyond chance, and enough to matter."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .quantity import Counts, Numbers

BINS = 10
LEAST_EXPECTED = 5.0
"""Cochran's rule: the chi-square distribution is a good approximation from this expected count on."""
RESAMPLES = 9_999
"""Random tables where it is not: they settle p-values down to one in ten thousand."""


@dataclass(frozen=True)
class Comparison:
    """How far the new sample lies from the reference.

    p_value  the chance of a difference this large between two samples of the same source
    effect   population stability index: below 0.1 little has changed, above 0.25 much has
    """

    test: str
    statistic: float
    p_value: float
    effect: float


def compare_numbers(reference: Numbers, new: Numbers) -> Comparison:
    """Compare two samples of numbers, without missing values, by Kolmogorov and Smirnov's test."""
    from scipy.stats import ks_2samp

    # The exact distribution takes seconds from a few thousand values on, where both agree.
    method = "exact" if len(reference) * len(new) < 10_000 else "asymp"
    statistic, p_value = ks_2samp(reference, new, method=method)
    effect = stability_index(*_binned(reference, new))
    return Comparison("Kolmogorov-Smirnov", float(statistic), float(p_value), effect)


def compare_counts(reference: Counts, new: Counts) -> Comparison:
    """Compare how often each category occurs by the chi-square test; of many, rare ones count as one."""
    from scipy.stats import MonteCarloMethod, chi2_contingency

    table = _pooled(reference, new)
    if table.shape[1] < 2:
        return Comparison("chi-square", 0.0, 1.0, 0.0)
    is_sparse = _expected(table).min() < LEAST_EXPECTED
    method = MonteCarloMethod(n_resamples=RESAMPLES, rng=np.random.default_rng(0)) if is_sparse else None
    result = chi2_contingency(table, correction=False, method=method)
    effect = stability_index(*table)
    return Comparison("chi-square", float(result.statistic), float(result.pvalue), effect)


def stability_index(reference: NDArray[Any], new: NDArray[Any]) -> float:
    """Population stability index of two rows of counts (Siddiqi, Credit Risk Scorecards, 2006).

    Half a count is added to each bin, so that an empty one gives a large index, not an infinite one.
    """
    occupied = reference + new > 0
    shares = [(counts[occupied] + 0.5) / (counts[occupied] + 0.5).sum() for counts in (reference, new)]
    return float(((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum())


def adjusted(p_values: Sequence[float]) -> list[float]:
    """Correct for many tests: the share of false alarms among all alarms stays below the threshold.

    Benjamini and Hochberg, Journal of the Royal Statistical Society B 57 (1995).
    """
    from scipy.stats import false_discovery_control

    return [float(value) for value in false_discovery_control(list(p_values))] if p_values else []


def _binned(reference: Numbers, new: Numbers) -> tuple[NDArray[Any], NDArray[Any]]:
    """Count both samples between, and on, the deciles of the reference.

    A value on an edge counts apart from those beside it: a column of few distinct values has most of
    its rows there.
    """
    edges = np.unique(np.quantile(reference, np.linspace(0, 1, BINS + 1)[1:-1]))

    def counted(sample: Numbers) -> NDArray[Any]:
        place = np.searchsorted(edges, sample, "left") + np.searchsorted(edges, sample, "right")
        return np.bincount(place, minlength=2 * len(edges) + 1)

    return counted(reference), counted(new)


def _pooled(reference: Counts, new: Counts) -> NDArray[Any]:
    """Two rows of counts, reference and new; of more than ten categories, rare ones share a column."""
    names = [name for name in {**reference, **new} if reference.get(name, 0) + new.get(name, 0)]
    table = np.array([[side.get(name, 0) for name in names] for side in (reference, new)])
    rare = _expected(table) < LEAST_EXPECTED
    if len(names) <= BINS or not rare.any():
        return table
    return np.hstack([table[:, ~rare], table[:, rare].sum(axis=1, keepdims=True)])


def _expected(table: NDArray[Any]) -> NDArray[Any]:
    """The count that is expected of each column in the smaller of both samples."""
    return np.asarray(table.sum(axis=0) * table.sum(axis=1).min() / table.sum())

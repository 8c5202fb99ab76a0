"""A target that is one of some classes."""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..columns import LARGEST_INTEGER
from ..errors import DataError
from ..schema import Column
from .profile import Profile
from .value_type import MOST_CATEGORIES, TEXT_SHARE


class ClassTarget:
    """Classes, which the schema lists or, of whole numbers, bounds."""

    leak = "leaks the target: it tells the class of every row"

    def column(self, seen: Profile) -> Column:
        """Truth values, whole numbers, or else words.

        Raises DataError if there is one class, or nearly as many as rows.
        """
        if seen.distinct < 2:
            raise DataError(
                f"the target '{seen.name}' holds a single class, and a classifier needs at least two: "
                "set data.target to another column"
            )
        if seen.distinct > max(MOST_CATEGORIES, TEXT_SHARE * seen.present):
            raise DataError(
                f"the target '{seen.name}' has {seen.distinct} distinct values in {seen.present} rows, too many "
                "for classes: set data.target to another column, or use the task regression for a number"
            )
        if seen.kind == pl.Boolean or (seen.booleans == seen.present and seen.integers == 0):
            return Column(name=seen.name, type="boolean", role="target")
        low, high = seen.low or 0.0, seen.high or 0.0
        # Of larger ones, two may become the same float.
        if seen.integers == seen.present and max(-low, high) < LARGEST_INTEGER:
            return Column(name=seen.name, type="integer", role="target", range=(low, high))
        classes = sorted(seen.frequent(seen.distinct))
        return Column(name=seen.name, type="category", role="target", categories=classes)

    def check(self, values: pl.Series, folds: int) -> None:
        """Raise DataError if there is one class, or each is too rare for so many folds."""
        counts = values.unique_counts().to_list()
        if len(counts) < 2:
            raise DataError(
                f"'{values.name}' holds a single class ({values[0]!r}), and a classifier needs two: "
                "set data.target to another column, or bring rows of the other class"
            )
        if max(counts) < 2 * folds:
            raise DataError(
                f"no class of '{values.name}' has {2 * folds} rows, which {folds} folds need: "
                "bring more rows per class, lower folds, or choose the task regression for a number"
            )

    def is_told_by(self, column: Column, values: NDArray[Any], target: NDArray[Any]) -> bool:
        """Whether all rows of a value are of one class; for numbers, all values between two of a class too."""
        if column.type not in ("category", "boolean", "number", "integer"):
            return False
        known = values != "" if values.dtype.kind == "O" else ~np.isnan(values)
        if known.mean() <= 0.5 or known.sum() < 20:
            return False
        labels = np.unique(target.astype(str), return_inverse=True)[1]
        codes = np.unique(values[known], return_inverse=True)[1]
        distinct = codes.max() + 1
        if len(np.unique(np.column_stack([codes, labels[known]]), axis=0)) > distinct:
            return False
        if column.type in ("category", "boolean"):
            return bool(1 < distinct <= known.sum() / 2)
        # A number tells the class if one interval of its values holds each class.
        return bool(1 + np.count_nonzero(np.diff(labels[known][np.argsort(codes)])) == labels.max() + 1)

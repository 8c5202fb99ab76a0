"""A target that is a number."""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..errors import DataError
from ..schema import Column
from .profile import Profile
from .value_type import numeric

CORRELATION = 0.9999
"""Above it, a number is the target in another unit rather than a feature."""


class NumberTarget:
    """Numbers, whole ones or not.

    task  what messages call the task that predicts them
    """

    leak = "leaks the target: it rises and falls with it exactly"

    def __init__(self, task: str) -> None:
        self.task = task

    def column(self, seen: Profile) -> Column:
        """Numbers with a range.

        Raises DataError if too many values are none.
        """
        if not seen.is_numeric:
            remedy = (
                "set data.decimal to ',' in conf/data/"
                if seen.has_decimal_comma()
                else "set data.target to a numeric column, or use the task classification"
            )
            raise DataError(
                f"the target '{seen.name}' holds a number in {seen.numbers} of {seen.present} rows, and "
                f"{self.task} predicts numbers: {remedy}"
            )
        return numeric(seen).model_copy(update={"role": "target", "type": "number"})

    def check(self, values: pl.Series, folds: int) -> None:
        """Raise DataError if all values are the same."""
        if values.n_unique() < 2:
            raise DataError(
                f"'{values.name}' has the same value in every row, so there is nothing to predict: "
                "set data.target to another column"
            )

    def is_told_by(self, column: Column, values: NDArray[Any], target: NDArray[Any]) -> bool:
        """Whether the column is the target in another unit."""
        if column.type not in ("number", "integer"):
            return False
        pairs = np.column_stack([values, target]).astype(float)
        pairs = pairs[~np.isnan(pairs).any(axis=1)]
        if len(pairs) < 20 or (pairs.std(axis=0) == 0).any():
            return False
        return bool(abs(np.corrcoef(pairs.T)[0, 1]) > CORRELATION)

"""What the kind of a target decides about the rows, before any model sees them."""

from typing import Any, Protocol

import polars as pl
from numpy.typing import NDArray

from ..config import TaskConfig
from ..schema import Column
from .class_target import ClassTarget
from .number_target import NumberTarget
from .profile import Profile


class Target(Protocol):
    """A kind of target.

    leak  what is said of a feature that tells the target by itself
    """

    leak: str

    def column(self, seen: Profile) -> Column:
        """The target's column in the schema.

        Raises DataError if its values are no targets of this kind.
        """

    def check(self, values: pl.Series, folds: int) -> None:
        """Raise DataError if there is too little difference between the values to learn it in so many folds."""

    def is_told_by(self, column: Column, values: NDArray[Any], target: NDArray[Any]) -> bool:
        """Whether the column tells the target by itself, as no honest feature does."""


def target_of(task: TaskConfig) -> Target:
    """The kind of target that a task has."""
    return ClassTarget() if task.name == "classification" else NumberTarget(task.name)

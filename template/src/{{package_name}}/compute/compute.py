"""What does the work, whichever it is: it deals out, and the code that it deals out is the same everywhere."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol, TypeVar

import polars as pl

from ..component import made
from ..config import ComputeConfig

Shared = TypeVar("Shared")
Item = TypeVar("Item")
Result = TypeVar("Result")


class Compute(Protocol):
    """Where work is done: a class for each kind, which conf/compute/ names."""

    def reach(self, rows: pl.LazyFrame, name: str) -> AbstractContextManager[pl.LazyFrame]:
        """Put rows where all who work can read them, from any row on; messages call them by that name."""

    def over(self, rows: pl.LazyFrame, work: Callable[[pl.LazyFrame, int], Result]) -> list[Result]:
        """Do work on each piece of rows within reach, in their order; it is told how many rows come before."""

    def spread(
        self, work: Callable[[Shared, Item], Result], shared: Shared
    ) -> Callable[[Iterable[Item]], Iterator[Result]]:
        """Give a function that does work on each of its items, with what all share; results come in their order."""

    def searchers(self, count: int) -> Executor:
        """Give what runs so many searches at once, each of which may spread work of its own."""

    def close(self) -> None:
        """Let go of what was opened."""


@contextmanager
def configured(compute: ComputeConfig) -> Iterator[Compute]:
    """Give what the configuration names, until the block ends.

    Raises ConfigurationError if there is no such thing, or it does not know one of its settings.
    """
    engine: Compute = made(compute.engine, "compute.engine does no work", "conf/compute/", _convert_="all")
    try:
        yield engine
    finally:
        engine.close()

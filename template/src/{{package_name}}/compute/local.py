"""Work on this machine, in this process; only a search uses more of them."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from multiprocessing import get_context

import polars as pl

from .compute import Item, Result, Shared


class Local:
    """Rows are one piece, which Polars streams with all cores."""

    def reach(self, rows: pl.LazyFrame, name: str) -> AbstractContextManager[pl.LazyFrame]:
        """Give the rows as they are."""
        return nullcontext(rows)

    def over(self, rows: pl.LazyFrame, work: Callable[[pl.LazyFrame, int], Result]) -> list[Result]:
        """Do the work once, on all rows."""
        return [work(rows, 0)]

    def spread(
        self, work: Callable[[Shared, Item], Result], shared: Shared
    ) -> Callable[[Iterable[Item]], Iterator[Result]]:
        """Give a function that does the work on one item after the other, when its result is asked for."""
        return lambda items: (work(shared, item) for item in items)

    def searchers(self, count: int) -> Executor:
        """Give so many processes."""
        return ProcessPoolExecutor(count, mp_context=get_context("spawn"))

    def close(self) -> None:
        """Do nothing: nothing is open."""

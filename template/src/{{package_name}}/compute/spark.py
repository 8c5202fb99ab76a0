"""Work dealt out by Apache Spark; what its workers run is the project's own code, on pieces cut by row number."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
from py4j.protocol import Py4JError  # type: ignore[import-untyped]
from pyspark import SparkContext
from pyspark.errors import PySparkException

from .. import paths
from ..data.rows import sink
from ..errors import ConfigurationError
from .compute import Item, Result, Shared
from .spark_context import reason, started
from .spark_task import Failure, Task

ROWS_AT_ONCE = 100_000
"""At most so many rows are a piece; of fewer rows each core gets a piece."""
WAVE = 4
"""Items per core that are under way at a time: their results wait in the memory of this process."""

Piece = tuple[int, int]
"""The number of the first row, from 0 on, and how many there are."""


class Spark:
    """Rows are cut into pieces that the workers read for themselves; a search spreads the folds of its trials.

    master    where the work is done: local[*], spark://host:7077, yarn or k8s://https://host:6443
    settings  further settings of Spark by name, such as spark.executor.memory; groups of them may be nested
    """

    def __init__(self, master: str, settings: Mapping[str, Any] | None = None) -> None:
        self.master = master
        self.settings = dict(_flat(settings or {}))
        self._owned = False

    @cached_property
    def context(self) -> SparkContext:
        """The connection to Spark: one that this process has already, or a new one.

        Raises ConfigurationError if Spark cannot be started, or the master cannot be reached.
        """
        if (present := SparkContext._active_spark_context) is not None:
            return present
        self._owned = True
        return started(self.master, self.settings)

    @contextmanager
    def reach(self, rows: pl.LazyFrame, name: str) -> Iterator[pl.LazyFrame]:
        """Give rows of a Parquet file as they are; copy others into one, in which no row has to be searched for.

        Raises DataError if the rows turn out to be broken on the way.
        """
        # If Polars comes to call it otherwise, such files are copied too: slower, and just as right.
        if "Parquet SCAN" in rows.explain(optimized=False):
            yield rows
            return
        paths.COPIES.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix="spark-", dir=paths.COPIES) as folder:
            copy = Path(folder) / "rows.parquet"
            sink(rows, copy, ROWS_AT_ONCE, name)
            yield pl.scan_parquet(copy)

    def over(self, rows: pl.LazyFrame, work: Callable[[pl.LazyFrame, int], Result]) -> list[Result]:
        """Do the work on pieces of the rows, several at a time."""
        total: int = rows.select(pl.len()).collect().item()
        return list(self.spread(_work_on, (rows, work))(pieces(total, self.context.defaultParallelism)))

    def spread(
        self, work: Callable[[Shared, Item], Result], shared: Shared
    ) -> Callable[[Iterable[Item]], Iterator[Result]]:
        """Give a function that has the workers do the work, for some items at a time; what all share goes there once.

        The function raises what the work raised.
        """
        context = self.context
        task = Task(work, context.broadcast(shared), Path.cwd())

        def spread(items: Iterable[Item]) -> Iterator[Result]:
            waiting = iter(items)
            while wave := list(islice(waiting, WAVE * context.defaultParallelism)):
                for result in self._done(wave, task):
                    if isinstance(result, Failure):
                        raise result.error
                    yield result

        return spread

    def _done(self, items: list[Any], task: Task) -> list[Any]:
        try:
            done: list[Any] = self.context.parallelize(items, len(items)).map(task).collect()
        except (Py4JError, PySparkException) as error:
            raise ConfigurationError(
                f"the workers of Spark at {self.master} cannot do their work ({reason(error)}): see that each has the "
                "project, its libraries and enough memory, as docs/options/compute-spark.md says"
            ) from None
        return done

    def searchers(self, count: int) -> Executor:
        """Give so many threads of this process: Spark's workers do what is heavy."""
        self.context  # noqa: B018 - one for all threads
        return ThreadPoolExecutor(count)

    def close(self) -> None:
        """Stop Spark, if it was started here."""
        if self._owned:
            self.context.stop()


def pieces(total: int, cores: int) -> list[Piece]:
    """Pieces that cover all rows in their order: one for each core, or more if they would become too large."""
    size = max(1, min(ROWS_AT_ONCE, -(-total // cores)))
    return [(first, size) for first in range(0, max(total, 1), size)]


def _work_on(shared: tuple[pl.LazyFrame, Callable[[pl.LazyFrame, int], Result]], piece: Piece) -> Result:
    (rows, work), (first, size) = shared, piece
    return work(rows.slice(first, size), first)


def _flat(settings: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, str]]:
    """Settings by their whole name, as Spark writes their values."""
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{within}{name}.")
        else:
            yield f"{within}{name}", str(value).lower() if isinstance(value, bool) else str(value)

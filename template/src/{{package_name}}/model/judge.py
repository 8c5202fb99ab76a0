"""What a task has to say about good predictions; classification, regression and forecasting each say it."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from ..columns import Columns, length
from ..component import made
from ..config import TaskConfig
from ..schema import Schema
from .predictor import Prediction

Rows = NDArray[np.intp]
Fold = tuple[Rows, Rows]


class Judge(Protocol):
    """Folds, baseline and metrics of a task.

    larger_is_better  every metric's name, and whether more of it is better
    by_group          the metric that stays meaningful in a small group of rows
    offset            a column that is taken from the target before fitting and added afterwards
    naive             what the baseline answers, as the end of a sentence
    drawn             what the bootstrap draws: rows, or blocks of them
    """

    larger_is_better: ClassVar[dict[str, bool]]
    by_group: str
    offset: str | None
    naive: str
    drawn: str

    def target(self, columns: Columns, schema: Schema) -> NDArray[Any]:
        """The target as labels or numbers."""
        ...

    def folds(
        self,
        columns: Columns,
        target: NDArray[Any],
        count: int,
        seed: int,
        groups: NDArray[Any] | None,
    ) -> Iterable[Fold]:
        """Rows to fit and rows to score, for each fold; rows of one group stay together."""
        ...

    def baseline(self, known: Columns, target: NDArray[Any], asked: Columns) -> Prediction:
        """What one would say without a model."""
        ...

    def blocks(self, columns: Columns, schema: Schema) -> Rows:
        """The number of each row's block: rows of one block depend on each other."""
        ...

    def measure(self, truth: NDArray[Any], prediction: Prediction) -> dict[str, float]:
        """Every metric over the given rows."""
        ...

    def score(self, truth: NDArray[Any], values: NDArray[Any]) -> float:
        """The metric `by_group` over the given rows."""
        ...

    def details(self, truth: NDArray[Any], prediction: Prediction) -> dict[str, Any]:
        """What the report shows beside the metrics, such as calibration or residuals."""
        ...

    def plots(
        self, truth: NDArray[Any], prediction: Prediction, columns: Columns
    ) -> dict[str, list[dict[str, Any]]]:
        """Tables for `dvc plots`, by name."""
        ...

    def draw(
        self, truth: NDArray[Any], prediction: Prediction, columns: Columns, folder: Path
    ) -> dict[str, str]:
        """Draw the task's own figures; return what each one shows, by file name."""
        ...


def configured(task: TaskConfig) -> Judge:
    """The judge that the configuration names.

    Raises ConfigurationError if there is no such judge, or it does not know one of its settings.
    """
    judge: Judge = made(task.judge, "task.judge is no judge of predictions", "conf/task/")
    return judge


def blocks_of_rows(columns: Columns, schema: Schema) -> Rows:
    """Rows of one group form a block; without groups every row is one."""
    if schema.group is None:
        return np.arange(length(columns))
    return np.unique(columns[schema.group.name].astype(str), return_inverse=True)[1]

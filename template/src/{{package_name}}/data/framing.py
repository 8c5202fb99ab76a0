"""How examples are made from rows, as task.windows says."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..columns import Columns
from ..component import made
from ..config import Config
from ..schema import Schema
from .split import Mask


class Framing(Protocol):
    """How examples are made from rows, where they are not the same."""

    def frame(self, rows: Columns, schema: Schema) -> tuple[Columns, Schema]:
        """The examples, and the schema that they fulfil."""

    def learnable(self, table: Columns, held_out: Mask) -> Mask:
        """The examples that may be learned from when those are held out."""

    def facts(self, table: Columns, target: str) -> dict[str, float]:
        """What the training examples tell about the series."""

    def remark(self, moments: NDArray[np.datetime64]) -> str | None:
        """What in the settings does not suit rows at these times, in words; None if they do."""


def configured_framing(config: Config) -> Framing | None:
    """How examples are cut from a series; None where each row is one.

    Raises ConfigurationError if a setting does not fit.
    """
    if config.task.windows is None:
        return None
    framing: Framing = made(config.task.windows, "task.windows cuts no series", "conf/task/forecasting.yaml")
    return framing

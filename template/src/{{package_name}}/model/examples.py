"""The tables that the data stage wrote, as columns with their target."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from numpy.typing import NDArray

from .. import paths
from ..columns import Columns, from_frame
from ..schema import Schema
from .judge import Judge


@dataclass(frozen=True)
class Examples:
    """Rows to learn from or to test on.

    table    every column but the target, among them sensitive ones that the model does not see
    target   labels or numbers, one per row
    """

    table: Columns
    target: NDArray[Any]
    schema: Schema

    @property
    def inputs(self) -> Columns:
        """The columns from which a prediction may be made."""
        return inputs(self.table, self.schema)


def load_examples(path: Path, judge: Judge) -> Examples:
    """Read a table and the schema that it fulfils."""
    schema = Schema.from_file(paths.CHECKED_SCHEMA)
    columns = from_frame(pl.read_parquet(path))
    target = judge.target(columns, schema)
    return Examples({n: v for n, v in columns.items() if n != schema.target.name}, target, schema)


def inputs(table: Columns, schema: Schema) -> Columns:
    """The feature columns; those that the data stage added to the schema's own are features too."""
    hidden = {column.name for column in schema.columns if column.role != "feature"}
    return {name: values for name, values in table.items() if name not in hidden}

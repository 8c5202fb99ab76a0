"""Which rows are held out for the test, so that nothing about them is known in training."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..columns import Columns, length
from ..errors import SchemaError
from ..schema import Schema

Mask = NDArray[np.bool_]
Split = Callable[[Columns, Schema, int], Mask]


def stratified(columns: Columns, schema: Schema, seed: int, test_size: float) -> Mask:
    """Hold out the same share of every class; one row of a class stays in training.

    Equal rows fall on the same side. With a `group` column in the schema, whole groups do.
    """
    if schema.group is not None:
        return at_random(columns, schema, seed, test_size)
    turn = _turns(columns, schema, seed)
    target = columns[schema.target.name]
    held_out = np.zeros(length(columns), dtype=bool)
    for label in np.unique(target):
        rows = target == label
        held_out |= rows & _first(turn, np.unique(turn[rows]), test_size)
    return held_out


def at_random(columns: Columns, schema: Schema, seed: int, test_size: float) -> Mask:
    """Hold out a share of the rows, or of the groups if the schema has a `group` column.

    Equal rows fall on the same side.
    """
    turn = _turns(columns, schema, seed)
    return _first(turn, np.unique(turn), test_size)


def by_time(columns: Columns, schema: Schema, seed: int, test_size: float) -> Mask:
    """Hold out the latest rows by the schema's `time` column; rows of one instant stay together.

    Rows without a time stay in training.

    Raises SchemaError if the schema has no such column.
    """
    if schema.time is None:
        raise SchemaError(
            "no column has the role time, and task.split holds out the latest rows: "
            "give it to the column of dates in conf/schema.yaml, or set another split in conf/task/"
        )
    instants = columns[schema.time.name]
    known = np.count_nonzero(instants == instants)  # unlike NaT and NaN, which are sorted last
    return np.asarray(instants > np.sort(instants)[max(int(known * (1 - test_size)), 0) - 1])


def _turns(columns: Columns, schema: Schema, seed: int) -> NDArray[np.int64]:
    """A random place in the queue for each row; equal rows, or rows of one group, share theirs."""
    names = [schema.group.name] if schema.group is not None else list(columns)
    keys = np.zeros(length(columns), dtype=np.int64)
    for name in names:
        values = columns[name].astype(str) if columns[name].dtype.kind == "O" else columns[name]
        codes = np.unique(values, return_inverse=True)[1]
        keys = np.unique(keys * (codes.max() + 1) + codes, return_inverse=True)[1]
    # Numbered by first appearance, the draw depends on the rows and the seed alone.
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    by_appearance = np.empty(len(first), dtype=np.int64)
    by_appearance[np.argsort(first)] = np.arange(len(first))
    return np.random.default_rng(seed).permutation(len(first))[by_appearance[inverse]]


def _first(turn: NDArray[np.int64], queue: NDArray[np.int64], share: float) -> Mask:
    return np.isin(turn, queue[: round(len(queue) * share)])

"""Stored rows as tables: the part that depends on the kind of model."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ...columns import Columns, from_frame, from_rows
from ...config import Component
from ...errors import DataError, first_line
from ...model.judge import Judge
from ...model.predictor import Prediction
from ...schema import Column, Schema


class Tables(Protocol):
    """What the service stores of its requests, in the form of the training table.

    schema    the columns of that form, with the target
    source    the columns that rows to learn from have
    compared  those of them that drift is asked of
    """

    schema: Schema
    source: Schema
    compared: Sequence[Column]

    def table(self, features: Sequence[dict[str, Any]]) -> pl.DataFrame:
        """One row for each prediction."""

    def examples(self, rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
        """Rows to learn from, in the source's columns: of predictions with an outcome, as `batches` gives them."""

    def whole(self, examples: pl.LazyFrame) -> pl.LazyFrame:
        """All of them, from those of many batches."""

    def cannot_compare(self, table: pl.DataFrame) -> str | None:
        """Why predictions for these rows say nothing when held against those for the test rows; None if they do."""


@dataclass(frozen=True)
class Labelled:
    """Predictions of one model with what really came out.

    table   what is known of each, by column
    truth   labels or numbers, one per row
    times   when each was predicted, in UTC
    """

    table: Columns
    truth: NDArray[Any]
    prediction: Prediction
    times: NDArray[np.datetime64]

    def __len__(self) -> int:
        return len(self.truth)


def configured(schema: Schema, windows: Component | None) -> Tables:
    """Find what makes tables of stored rows: rows as they are, unless the model reads windows of history."""
    module = "by_row" if schema.source is None else "forecasts"
    made: Tables = import_module(f".{module}", __package__).tables(schema, windows)
    return made


@contextmanager
def in_this_form() -> Iterator[None]:
    """Read what is stored as the schema says; DataError if it was stored when the schema said otherwise."""
    try:
        yield
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"the store holds predictions that do not fit the schema ({first_line(error)}), as after it was changed: "
            "look at the days since then, by --days or in conf/served.yaml, or name a new store in STORE_URL"
        ) from error


def table(rows: Sequence[Any], tables: Tables) -> pl.DataFrame:
    """What stored predictions were made from, one row for each.

    Raises DataError if it does not fit the schema.
    """
    with in_this_form():
        return tables.table([json.loads(row.features) for row in rows])


def labelled(rows: Sequence[Any], tables: Tables, judge: Judge, *, challenger: bool = False) -> Labelled:
    """Read stored rows that have an outcome, with what was answered, or what the challenger would have.

    Raises DataError if they do not fit the schema.
    """
    who = "shadow_" if challenger else ""
    answers = [(getattr(row, f"{who}prediction"), getattr(row, f"{who}probabilities")) for row in rows]
    return Labelled(
        from_frame(table(rows, tables)),
        values([row.outcome for row in rows], tables.schema, judge),
        prediction(answers, tables.schema, judge),
        np.array([row.time for row in rows], dtype="datetime64[us]"),
    )


def prediction(answers: Sequence[tuple[str, str | None]], schema: Schema, judge: Judge) -> Prediction:
    """Give what a model answered the form in which evaluation measures it; a class that it left out had no chance."""
    found = values([answer for answer, _ in answers], schema, judge)
    shares = [json.loads(text) for _, text in answers if text is not None]
    if len(shares) < len(answers) or not shares:
        return Prediction(found)
    classes = tuple(shares[0])
    return Prediction(
        found, classes, np.array([[share.get(name, 0.0) for name in classes] for share in shares])
    )


def values(texts: Sequence[str], schema: Schema, judge: Judge) -> NDArray[Any]:
    """Read values of the target, as the judge of the task compares them.

    Raises DataError if they are none.
    """
    target = schema.target
    with in_this_form():
        return judge.target(from_rows([{target.name: json.loads(text)} for text in texts], [target]), schema)

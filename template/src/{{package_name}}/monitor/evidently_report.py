"""Drift as Evidently finds and draws it."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import polars as pl
from pydantic import Field

# Evidently reads this when it is imported: it shall not report home.
os.environ.setdefault("DO_NOT_TRACK", "1")

import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset

from ..config import Section
from .quantity import Quantity, Sides, is_numeric, numbers
from .verdict import ColumnVerdict, Score, Verdict


class Method(Section):
    """One of Evidently's methods, by its name there, and the threshold of its score."""

    method: str
    threshold: Annotated[float, Field(ge=0)]


@dataclass(frozen=True)
class Compared:
    """A column as Evidently sees it: the values that are there, of the training rows and of the new ones."""

    name: str
    is_numeric: bool
    reference: list[Any]
    new: list[Any]


class EvidentlyReport(Section):
    """Evidently's comparison; the settings are explained in conf/monitor/evidently.yaml."""

    numbers: Method
    categories: Method
    share_of_columns: Annotated[float, Field(ge=0, le=1)]

    def compare(self, sides: Sides) -> tuple[Verdict, str]:
        """What drifted, and a page about it."""
        everything = sides.everything
        found = self._run([column for quantity in everything for column in _compared(quantity)])
        scores = _scores(found.dict())
        judged = [_column(quantity, scores) for quantity in everything]
        return sides.conclusion(judged, self.share_of_columns), found.get_html_str(as_iframe=False)

    def _run(self, compared: list[Compared]) -> Any:
        preset = DataDriftPreset(
            columns=[column.name for column in compared],
            # Evidently's alarm is raised at this share, ours above it.
            drift_share=self.share_of_columns + 0.5 / len(compared),
            num_method=self.numbers.method,
            num_threshold=self.numbers.threshold,
            cat_method=self.categories.method,
            cat_threshold=self.categories.threshold,
        )
        definition = DataDefinition(
            numerical_columns=[column.name for column in compared if column.is_numeric],
            categorical_columns=[column.name for column in compared if not column.is_numeric],
        )
        # Columns differ in length: missing values are left out, and predictions are held against test rows.
        reference = pd.DataFrame({column.name: pd.Series(column.reference) for column in compared})
        new = pd.DataFrame({column.name: pd.Series(column.new) for column in compared})
        return Report([preset], include_tests=True).run(
            Dataset.from_pandas(new, definition), Dataset.from_pandas(reference, definition)
        )


def _compared(quantity: Quantity) -> Iterator[Compared]:
    """The values, and which rows have none; each only where there is something to compare."""
    sides = quantity.reference, quantity.new
    if all(side.count() for side in sides):
        if is_numeric(quantity):
            yield Compared(quantity.name, True, *map(list, numbers(quantity)))
        else:
            words = (side.drop_nulls().cast(pl.String).to_list() for side in sides)
            yield Compared(quantity.name, False, *words)
    if any(side.null_count() for side in sides):
        flags = (["missing" if lacks else "present" for lacks in side.is_null()] for side in sides)
        yield Compared(_missing(quantity.name), False, *flags)


def _missing(name: str) -> str:
    return f"{name} (whether it is missing)"


def _scores(found: Mapping[str, Any]) -> dict[str, Score]:
    """By column, what Evidently found and how it judged it."""
    judged = {test["metric_config"]["metric_id"]: test["status"] == "FAIL" for test in found["tests"]}
    return {
        metric["config"]["column"]: Score(
            test=metric["config"]["method"],
            score=metric["value"],
            threshold=metric["config"]["threshold"],
            drifted=judged[metric["id"]],
        )
        for metric in found["metrics"]
        if "column" in metric["config"]
    }


def _column(quantity: Quantity, scores: Mapping[str, Score]) -> ColumnVerdict:
    return ColumnVerdict(
        name=quantity.name,
        role=quantity.role,
        type=quantity.type,
        values=scores.get(quantity.name),
        missing=scores.get(_missing(quantity.name)),
        missing_in_reference=quantity.reference.null_count() / len(quantity.reference),
        missing_in_new=quantity.new.null_count() / len(quantity.new),
    )

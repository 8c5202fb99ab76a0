"""Tables of a model that forecasts: of a history, only where it ends is stored."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from ...component import made
from ...config import Component
from ...data.windows import DATE, LEVEL, NAMES, ORIGIN, STEP, Windows
from ...schema import Column, Schema

TOLD = "told at"


class Forecasts:
    """One row for each period that was forecast: from where, how far ahead, and the last known value.

    Nothing that the model saw of the past is stored, so there is no column of which drift could be asked.
    """

    compared: Sequence[Column] = ()

    def __init__(self, schema: Schema, windows: Windows) -> None:
        self._frequency, self._season = windows.frequency, windows.season
        assert schema.source is not None  # noqa: S101 - windows are made of rows
        self.source = schema.source
        known = [column for column in schema.columns if column.name in (ORIGIN, DATE, STEP, LEVEL)]
        self.schema = Schema(columns=[*known, schema.target])

    def table(self, features: Sequence[dict[str, Any]]) -> pl.DataFrame:
        """Origin, date, step and level of each forecast, as the windows of training have them."""
        origins, dates = (
            np.array([row[name] for row in features], dtype=f"datetime64[{self._frequency}]")
            for name in ("origin", "date")
        )
        # Rows of an earlier release have no level.
        levels = np.array([row.get("level", np.nan) for row in features], dtype=float)
        return pl.DataFrame(
            {
                ORIGIN: origins.astype("datetime64[us]"),
                DATE: dates.astype("datetime64[us]"),
                STEP: (dates - origins).astype(float),
                LEVEL: levels,
            }
        )

    def examples(self, rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
        """The series goes on: each period that was forecast, with its value and when that was told."""
        target, time = self.source.target, self.source.time
        assert time is not None  # noqa: S101 - a series has one
        dates = np.array([row["features"]["date"] for row in rows], dtype=f"datetime64[{self._frequency}]")
        return pl.DataFrame(
            {
                time.name: dates.astype("datetime64[us]"),
                target.name: [float(row["outcome"]) for row in rows],
                TOLD: pl.Series([row["outcome_time"] for row in rows], dtype=pl.Datetime("us")),
            }
        )

    def whole(self, examples: pl.LazyFrame) -> pl.LazyFrame:
        """Each period once, with the value that was told last: it was forecast again and again."""
        assert self.source.time is not None  # noqa: S101 - a series has one
        time = self.source.time.name
        return examples.sort(TOLD).unique(time, keep="last").sort(time).drop(TOLD)

    def cannot_compare(self, table: pl.DataFrame) -> str | None:
        """Say so if the forecasts do not start from every part of a season: the test's do, and differ by that alone."""
        origins = table[ORIGIN].to_numpy().astype(f"datetime64[{self._frequency}]").astype(int)
        found = len(np.unique(origins % self._season))
        if found == self._season:
            return None
        return (
            f"drift of the predictions: they start from {found} of the {self._season} {NAMES[self._frequency]} of a "
            "season, and those of the test from all; watch more days"
        )


def tables(schema: Schema, windows: Component | None) -> Forecasts:
    """Make the tables, as `monitor.served.tables` expects it."""
    assert windows is not None  # noqa: S101 - a schema of windows is read for a task that has some
    return Forecasts(schema, made(windows, "task.windows cuts no series", "conf/task/forecasting.yaml"))

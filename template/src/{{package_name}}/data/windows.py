"""A series cut into examples: what was known at an origin, and what came some steps later.

One example per origin and step (the direct strategy for several steps, Taieb, Bontempi, Atiya and Sorjamaa 2012).
Everything is relative to the level at the origin, so that a model can follow a series beyond the values that it
has seen. NumPy only: the service cuts its windows with the same code.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from ..columns import Columns
from ..errors import DataError, SchemaError
from ..schema import Column, Schema

ORIGIN, DATE, STEP = "origin", "date of the forecast", "steps ahead"
LEVEL, SEASONAL = "level at the origin", "a season ago"
SINE, COSINE = "season, sine", "season, cosine"
SPARSEST = 20
"""Of so many periods, one at least has a value; else the frequency does not fit, or a date is a slip."""
NAMES = {"h": "hours", "D": "days", "W": "weeks", "M": "months", "Y": "years"}
RATES = {"h": "hourly", "D": "daily", "W": "weekly", "M": "monthly", "Y": "yearly"}
HOURS = {"h": 1, "D": 24, "W": 168, "M": 730.5, "Y": 8766}
"""In one period, as a rule."""


class Windows(BaseModel):
    """How a series is cut: `frequency` is a unit of NumPy's dates, all else counts periods of it."""

    model_config = ConfigDict(extra="forbid")

    frequency: Literal["h", "D", "W", "M", "Y"]
    season: Annotated[int, Field(ge=1)]
    lags: Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=1)]
    horizon: Annotated[int, Field(ge=1)]

    @property
    def history(self) -> int:
        """How many periods an origin must have behind it, itself included."""
        return max([*self.lags, self.season - 1]) + 1

    def lasting(self, periods: int) -> np.timedelta64:
        """So many periods as the difference of two dates: NumPy no longer takes a bare number for one."""
        return np.timedelta64(periods, self.frequency)

    def frame(self, rows: Columns, schema: Schema) -> tuple[Columns, Schema]:
        """Examples from rows, and the schema that they fulfil.

        Raises SchemaError if the rows are not one series over time, or a column has the name of a window's;
        DataError if the series is too short, or hardly a period has a value.
        """
        check_one_series(schema)
        made = example_schema(schema, self)
        return examples(rows, schema, self), made

    def remark(self, moments: NDArray[np.datetime64]) -> str | None:
        """Whether rows at these times lie as far apart as periods do, in words; None if they do.

        Rows of one period are averaged without a word, so a frequency that is too long would go unseen.
        """
        apart = np.diff(np.unique(moments)) / np.timedelta64(1, "h")
        if len(apart) == 0:
            return None
        usual = float(np.median(apart))
        suits = min(HOURS, key=lambda unit: abs(np.log(HOURS[unit] / usual)))
        if suits == self.frequency:
            return None
        return (
            f"its rows are {RATES[suits]}, and a forecast of them would be {RATES[self.frequency]}: "
            f"if that is not meant, set frequency to {suits} in conf/task/forecasting.yaml, and season, lags and "
            "horizon with it"
        )

    def broken_rule(self, stamps: NDArray[np.datetime64]) -> str | None:
        """What rows at these periods must be to forecast from, as words after `must be`; None if they are."""
        name = NAMES[self.frequency]
        span = int((stamps.max() - stamps.min()).astype(int)) + 1
        if span < self.history:
            return (
                f"a history of at least {self.history} {name}, of which the model reads lags and season; "
                f"this one spans {span}"
            )
        # Gaps carry the value before them; where they are most of what the model reads, it would forecast those.
        filled = len(np.unique(stamps[stamps > stamps.max() - self.lasting(self.history)]))
        if filled < self.history / 2:
            return (
                f"a history with a value in at least half of the last {self.history} {name}; "
                f"this one, which ends with {stamps.max()}, has {filled}"
            )
        return None

    def learnable(self, table: Columns, held_out: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Examples whose target was known at the first held-out origin: what a forecaster had then.

        Raises DataError if they are too few to learn from.
        """
        first = table[ORIGIN][held_out if held_out.any() else slice(None)].min()
        known = np.asarray(table[DATE] <= first)
        origins, least = len(np.unique(table[ORIGIN][known])), 2 * self.horizon
        if origins < least:
            raise DataError(
                f"the series leaves {origins} origins to learn from, and {least} are needed: bring a longer one, "
                "or lower horizon, lags, season or test_size in conf/task/forecasting.yaml"
            )
        return known

    def facts(self, table: Columns, target: str) -> dict[str, float]:
        """The mean absolute error of repeating the last season, by which MASE scales (Hyndman and Koehler 2006).

        Over the first steps, so that each value counts once and is held against the season just before it.
        """
        errors = np.abs(table[target] - (table[LEVEL] + table[SEASONAL]))
        return {"seasonal_error": float(errors[table[STEP] == 1].mean())}


@dataclass(frozen=True)
class Series:
    """A value for each period without a gap.

    values    the mean of the period's rows; in a gap, the last one before it, never a later one
    observed  whether the period had a row with a value
    known     other numeric columns, filled like the values
    """

    periods: NDArray[np.datetime64]
    values: NDArray[np.float64]
    observed: NDArray[np.bool_]
    known: Columns


def check_one_series(schema: Schema) -> None:
    """Raise SchemaError if the rows have no time, or belong to several series."""
    if schema.time is None:
        raise SchemaError(
            "no column has the role time, and a forecast needs one that orders the rows: "
            "give it to the column of dates in conf/schema.yaml"
        )
    if schema.group is not None:
        raise SchemaError(
            f"'{schema.group.name}' has the role group, and a forecast learns from one series: keep the rows of one, "
            "or give the column the role ignored in conf/schema.yaml to forecast the mean of all"
        )


def series(columns: Columns, schema: Schema, windows: Windows) -> Series:
    """Put rows in any order onto the regular grid of periods, the first of which has a value."""
    target = schema.target
    stamps, usable = _stamps(columns, schema, windows)
    start = stamps[usable].min()
    periods = np.arange(start, stamps[usable].max() + windows.lasting(1))
    place = (stamps - start).astype(int)
    values = _means(place[usable], columns[target.name][usable], len(periods))
    numeric = [c.name for c in schema.features if c.type in ("number", "integer", "boolean")]
    known = {}
    for name in numeric:
        rows = usable & ~np.isnan(columns[name])
        known[name] = _carried(_means(place[rows], columns[name][rows], len(periods)))
    return Series(periods, _carried(values), ~np.isnan(values), known)


def examples(columns: Columns, schema: Schema, windows: Windows) -> Columns:
    """Every example that the rows give, with the target; targets that fall into a gap are left out.

    Raises DataError if the series is too short for a window, or hardly a period has a value.
    """
    check_span(columns, schema, windows)
    found = series(columns, schema, windows)
    first = np.arange(windows.history - 1, len(found.periods))
    origins = np.repeat(first, windows.horizon)
    steps = np.tile(np.arange(1, windows.horizon + 1), len(first))
    reached = origins + steps
    kept = reached < len(found.periods)
    kept[kept] = found.observed[reached[kept]]
    origins, steps = origins[kept], steps[kept]
    return _windows(found, origins, steps, windows) | {schema.target.name: found.values[origins + steps]}


def check_span(columns: Columns, schema: Schema, windows: Windows) -> None:
    """Raise DataError if the periods are too few, or nearly all of them empty."""
    stamps, usable = _stamps(columns, schema, windows)
    first, last = stamps[usable].min(), stamps[usable].max()
    filled, span = len(np.unique(stamps[usable])), int((last - first).astype(int)) + 1
    least, name = windows.history + windows.horizon, NAMES[windows.frequency]
    if span < least:
        raise DataError(
            f"the series spans {span} {name}, and {least} are needed for lags, season and horizon: "
            "bring a longer one, or shorten them in conf/task/forecasting.yaml before you train"
        )
    if span > SPARSEST * filled:
        raise DataError(
            f"only {filled:,} of the {span:,} {name} from {first} to {last} have a value: "
            "choose a longer frequency in conf/task/forecasting.yaml, or mend dates that lie far off"
        )


def latest(columns: Columns, schema: Schema, windows: Windows, steps: int) -> Columns:
    """The windows that forecast the next steps after the last row."""
    found = series(columns, schema, windows)
    ahead = np.arange(1, steps + 1)
    return _windows(found, np.full(steps, len(found.periods) - 1), ahead, windows)


def example_schema(schema: Schema, windows: Windows) -> Schema:
    """The schema of the examples, with that of the rows inside it.

    Raises SchemaError if a column of the rows has the name of one that the windows make.
    """
    known = [c for c in schema.features if c.type in ("number", "integer", "boolean")]
    numbers = [*(_lag(lag) for lag in windows.lags), SEASONAL, SINE, COSINE]
    for column in (*known, schema.target):
        if column.name in (ORIGIN, DATE, STEP, LEVEL, *numbers):
            raise SchemaError(
                f"'{column.name}' is a name that the windows of a forecast use for their own columns: "
                "rename the column in the data, then run `uv run poe schema`"
            )
    return Schema(
        source=schema,
        columns=[
            Column(name=ORIGIN, type="date", role="time"),
            Column(name=DATE, type="date", role="ignored"),
            Column(name=STEP, type="integer", range=(1, windows.horizon)),
            Column(name=LEVEL, type="number", role="ignored"),
            *(Column(name=name, type="number") for name in numbers),
            *(Column(name=c.name, type="number", missing=1) for c in known),
            schema.target,
        ],
    )


def _stamps(
    columns: Columns, schema: Schema, windows: Windows
) -> tuple[NDArray[np.datetime64], NDArray[np.bool_]]:
    """The period of each row, and whether the row has both a time and a value."""
    assert schema.time is not None  # noqa: S101 - see check_one_series
    stamps = columns[schema.time.name].astype(f"datetime64[{windows.frequency}]")
    return stamps, ~np.isnat(stamps) & ~np.isnan(columns[schema.target.name])


def _windows(
    found: Series, origins: NDArray[np.int64], steps: NDArray[np.int64], windows: Windows
) -> Columns:
    level = found.values[origins]
    seasons = -(-steps // windows.season)
    dates = found.periods[origins] + steps * windows.lasting(1)
    phase = 2 * np.pi * (dates.astype(int) % windows.season) / windows.season
    return {
        ORIGIN: found.periods[origins].astype("datetime64[us]"),
        DATE: dates.astype("datetime64[us]"),
        STEP: steps.astype(float),
        LEVEL: level,
        **{_lag(lag): found.values[origins - lag] - level for lag in windows.lags},
        SEASONAL: found.values[origins + steps - seasons * windows.season] - level,
        SINE: np.sin(phase),
        COSINE: np.cos(phase),
        **{name: values[origins] for name, values in found.known.items()},
    }


def _lag(periods: int) -> str:
    return f"lag {periods}"


def _means(place: NDArray[np.int64], values: NDArray[np.float64], periods: int) -> NDArray[np.float64]:
    counts = np.bincount(place, minlength=periods)
    sums = np.bincount(place, weights=values, minlength=periods)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def _carried(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fill each gap with the value before it."""
    last: NDArray[np.int64] = np.maximum.accumulate(np.where(np.isnan(values), 0, np.arange(len(values))))
    return np.asarray(values[last])

"""What was predicted, with what really came out where somebody has told."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, Text, and_, cast, func, select
from sqlalchemy import Row as Found

from .database import Database
from .records import Gauge
from .tables import feedback, monitoring, predictions, shadows

ROWS_AT_ONCE = 10_000


@dataclass(frozen=True)
class Summary:
    """What a store holds.

    first, last  time of the first prediction and of the last, in UTC; None if there is none
    models       how many predictions each model made, by the SHA-256 of its file
    outcomes     how many of them have an outcome
    delay        half of the outcomes came within it; None if there is none
    challengers  how many of them each challenger predicted, too
    """

    place: str
    first: datetime | None
    last: datetime | None
    models: dict[str, int]
    outcomes: int
    delay: timedelta | None
    challengers: dict[str, int]

    def __str__(self) -> str:
        if self.first is None:
            return f"no predictions in {self.place}"
        lines = [
            f"predictions in {self.place}: {sum(self.models.values()):,}, "
            f"from {self.first:%Y-%m-%d %H:%M:%S} to {self.last:%Y-%m-%d %H:%M:%S} UTC, by model:"
        ]
        lines += [f"  {model[:12]}  {count:,}" for model, count in self.models.items()]
        lines += [
            f"  {model[:12]}  {count:,}, as the challenger" for model, count in self.challengers.items()
        ]
        delay = f", half of which came within {self.delay}" if self.delay is not None else ""
        return "\n".join([*lines, f"with an outcome: {self.outcomes:,}{delay}"])


def batches(
    database: Database, since: datetime | None = None, rows_at_once: int = ROWS_AT_ONCE
) -> Iterator[list[dict[str, Any]]]:
    """The predictions since a time in UTC, oldest first, in lists that memory holds.

    Each is a dictionary: id, time, model, features, prediction and probabilities, as the tables have them, and the
    latest outcome with its `outcome_time`, both None if nobody has told it.

    Raises StoreError if the store is newer, or out of reach.
    """
    columns = [*predictions.c, feedback.c.outcome, feedback.c.time.label("outcome_time")]
    for found in database.read(_joined(columns, since), rows_at_once):
        yield [dict(row._mapping) for row in found]


def texts(
    database: Database, since: datetime, rows_at_once: int = ROWS_AT_ONCE
) -> Iterator[Sequence[Found[Any]]]:
    """The predictions since a time in UTC, as `batches` gives them, with values still as JSON.

    Who keeps a sample need not read what the others hold. `told` is the time of the outcome; what a challenger would
    have answered is in `shadow_model`, `shadow_prediction` and `shadow_probabilities`, all None if none was asked.

    Raises StoreError if the store is newer, or out of reach.
    """
    plain = [
        predictions.c.id,
        predictions.c.time,
        predictions.c.model,
        feedback.c.time.label("told"),
        shadows.c.model.label("shadow_model"),
    ]
    values = {
        "features": predictions.c.features,
        "prediction": predictions.c.prediction,
        "probabilities": predictions.c.probabilities,
        "outcome": feedback.c.outcome,
        "shadow_prediction": shadows.c.prediction,
        "shadow_probabilities": shadows.c.probabilities,
    }
    as_text = [cast(value, Text).label(name) for name, value in values.items()]
    yield from database.read(_joined([*plain, *as_text], since, shadows), rows_at_once)


def latest_gauges(database: Database) -> list[Gauge]:
    """What the monitor found last; empty if it never ran.

    Raises StoreError if the store is newer, or out of reach.
    """
    newest = select(monitoring.c.gauges).order_by(monitoring.c.time.desc()).limit(1)
    found = [row.gauges for rows in database.read(newest, 1) for row in rows]
    return [Gauge.model_validate(one) for one in found[0]] if found else []


def summary(database: Database) -> Summary:
    """Count what the store holds.

    Raises StoreError if the store is newer, or out of reach.
    """
    first, last = None, None
    models: Counter[str] = Counter()
    delays: list[float] = []
    columns = [predictions.c.model, predictions.c.time, feedback.c.time.label("told")]
    for found in database.read(_joined(columns, None), ROWS_AT_ONCE):
        first, last = first or found[0].time, found[-1].time
        models.update(row.model for row in found)
        delays += [(row.told - row.time).total_seconds() for row in found if row.told is not None]
    delay = timedelta(seconds=round(median(delays))) if delays else None
    # SQLite would hold all of them in memory to count them by model.
    shadowed = database.read(select(shadows.c.model), ROWS_AT_ONCE)
    challengers = Counter(row.model for found in shadowed for row in found)
    return Summary(database.place, first, last, dict(models), len(delays), delay, dict(challengers))


def _joined(columns: Sequence[ColumnElement[Any]], since: datetime | None, *others: Table) -> Select[Any]:
    """Predictions with their latest outcome, and what stands under the same id in other tables."""
    told = feedback.alias()
    latest = select(func.max(told.c.time)).where(told.c.id == predictions.c.id).scalar_subquery()
    is_latest = and_(feedback.c.id == predictions.c.id, feedback.c.time == latest)
    joined = predictions.outerjoin(feedback, is_latest)
    for other in others:
        joined = joined.outerjoin(other, other.c.id == predictions.c.id)
    statement = select(*columns).select_from(joined)
    if since is not None:
        statement = statement.where(predictions.c.time >= since)
    return statement.order_by(predictions.c.time, predictions.c.id)

"""Which rows of the store are to be deleted."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Table, select

from ...errors import DataError
from .database import KEPT, ROWS_AT_ONCE, Database
from .records import now
from .tables import feedback, predictions, shadows

Chosen = Mapping[Table, ColumnElement[bool]]
"""By table, what holds for the rows that are meant."""


def older(days: float) -> Chosen:
    """What was stored more than so many days ago."""
    than = now() - timedelta(days=days)
    return {table: table.c.time < than for table in KEPT}


def named(ids: Sequence[str]) -> list[Chosen]:
    """Predictions by their ids, with what a challenger predicted and what really came out."""
    pieces = [ids[first : first + ROWS_AT_ONCE] for first in range(0, len(ids), ROWS_AT_ONCE)]
    return [{table: table.c.id.in_(piece) for table in (predictions, shadows, feedback)} for piece in pieces]


def ids_with(database: Database, values: Mapping[str, str]) -> list[str]:
    """The ids of predictions that were made from these values, by column; as text, empty for a missing one.

    Raises DataError if no stored prediction has such a column, StoreError if the store is newer, or out of reach.
    """
    seen: set[str] = set()
    found = []
    for name, features in _features(database):
        seen |= features.keys()
        if all(column in features and _is(features[column], text) for column, text in values.items()):
            found.append(name)
    if unknown := sorted(values.keys() - seen):
        known = f"they have {', '.join(sorted(seen))}" if seen else "there is none"
        raise DataError(f"no prediction in {database.place} has a column {unknown[0]}: {known}")
    return found


def _features(database: Database) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for rows in database.read(select(predictions.c.id, predictions.c.features), ROWS_AT_ONCE):
        yield from ((row.id, row.features) for row in rows)


def _is(value: Any, text: str) -> bool:
    """Whether a person who writes this text means that value."""
    if isinstance(value, bool):
        return text.lower() == str(value).lower()
    if isinstance(value, int | float):
        try:
            return float(text) == value
        except ValueError:
            return False
    # A day is stored with its midnight, which people leave out.
    return value in (text, f"{text}T00:00:00") if value is not None else not text

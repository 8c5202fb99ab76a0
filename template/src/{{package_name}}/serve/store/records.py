"""What is stored: the predictions of a request, and outcomes that somebody tells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar, Protocol

from pydantic import BaseModel
from pydantic_core import to_json
from sqlalchemy import Table

from .tables import feedback, monitoring, predictions, shadows

Row = dict[str, Any]
"""A row of a table by column; what is JSON there is JSON already."""


def now() -> datetime:
    """The time in UTC, without saying so, as the tables have it."""
    return datetime.now(UTC).replace(tzinfo=None)


class Record(Protocol):
    """Rows of one table that came with one request."""

    table: ClassVar[Table]

    def __len__(self) -> int:
        """How many rows they are."""

    def rows(self) -> list[Row]:
        """Make the rows; a request does not wait for this."""


@dataclass(frozen=True)
class Answered:
    """The predictions of one request.

    model    SHA-256 of the model's file
    inputs   what each of them was made from: anything that pydantic can write as JSON
    entries  the answer's entries, with their ids
    """

    table: ClassVar[Table] = predictions
    model: str
    inputs: Sequence[Any]
    entries: Sequence[Mapping[str, Any]]
    time: datetime = field(default_factory=now)

    def __len__(self) -> int:
        return len(self.entries)

    def rows(self) -> list[Row]:
        """One row per entry."""
        return [
            {
                "id": entry["id"],
                "time": self.time,
                "model": self.model,
                "features": _text(features),
                **_answer(entry),
            }
            for features, entry in zip(self.inputs, self.entries, strict=True)
        ]


@dataclass(frozen=True)
class Shadowed:
    """What a challenger would have answered to one request.

    model    SHA-256 of the challenger's file
    entries  as the answer's, with the ids of the answer
    """

    table: ClassVar[Table] = shadows
    model: str
    entries: Sequence[Mapping[str, Any]]
    time: datetime

    def __len__(self) -> int:
        return len(self.entries)

    def rows(self) -> list[Row]:
        """One row per entry."""
        return [
            {"id": entry["id"], "time": self.time, "model": self.model, **_answer(entry)}
            for entry in self.entries
        ]


@dataclass(frozen=True)
class Outcomes:
    """What really came out, by the id of the prediction."""

    table: ClassVar[Table] = feedback
    by_id: Mapping[str, Any]
    time: datetime = field(default_factory=now)

    def __len__(self) -> int:
        return len(self.by_id)

    def rows(self) -> list[Row]:
        """One row per outcome."""
        return [
            {"id": name, "time": self.time, "outcome": _text(outcome)} for name, outcome in self.by_id.items()
        ]


class Gauge(BaseModel):
    """A figure for Prometheus."""

    name: str
    labels: dict[str, str] = {}
    value: float


@dataclass(frozen=True)
class Monitored:
    """What one run of the monitor found."""

    table: ClassVar[Table] = monitoring
    gauges: Sequence[Gauge]
    time: datetime

    def __len__(self) -> int:
        return 1

    def rows(self) -> list[Row]:
        """One row, whatever was found."""
        return [{"time": self.time, "gauges": _text(self.gauges)}]


def _answer(entry: Mapping[str, Any]) -> Row:
    """What a model says, as every table that has it does."""
    return {
        "prediction": _text(entry["prediction"]),
        "probabilities": _text(entry["probabilities"]) if "probabilities" in entry else None,
    }


def _text(value: Any) -> str:
    return to_json(value).decode()

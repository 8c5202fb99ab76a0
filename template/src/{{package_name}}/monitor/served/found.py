"""What is in the store: counted row by row, and sampled."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from .sample import Sample, turn


@dataclass(frozen=True)
class Window:
    """Which predictions are looked at, by their time in UTC.

    asked    from here on, for drift
    told     from here on, for performance: what really came out is known later
    periods  into how many parts of equal length that time is cut
    """

    until: datetime
    asked: datetime
    told: datetime
    periods: int

    @property
    def since(self) -> datetime:
        """The time of the oldest prediction that counts."""
        return min(self.asked, self.told)

    @property
    def period(self) -> timedelta:
        """The length of a part."""
        return (self.until - self.told) / self.periods

    def place(self, time: datetime) -> int:
        """The part in which a time lies."""
        return min(int((time - self.told) / self.period), self.periods - 1)

    def start(self, place: int) -> datetime:
        """When a part begins."""
        return self.told + place * self.period


@dataclass
class Answers:
    """What one model answered.

    predictions, outcomes  how many there are, by part of the window
    labelled               predictions with an outcome
    last                   the time of its last answer
    """

    labelled: Sample
    predictions: Counter[int] = field(default_factory=Counter)
    outcomes: Counter[int] = field(default_factory=Counter)
    last: datetime = datetime.min


@dataclass
class Found:
    """What the store holds of a window.

    requests     a sample of what was asked, whichever model answered
    models       what each model answered, by the SHA-256 of its file
    challengers  what each challenger would have answered
    """

    window: Window
    requests: Sample
    models: dict[str, Answers] = field(default_factory=dict)
    challengers: dict[str, Answers] = field(default_factory=dict)

    @property
    def champion(self) -> str | None:
        """The model that answered last."""
        return max(self.models, key=lambda name: self.models[name].last, default=None)


def gather(window: Window, most: int, batches: Iterable[Sequence[Any]]) -> Found:
    """Count all rows, and keep at most so many of each kind, so that memory does not grow with the store."""
    found = Found(window, Sample(most))
    for batch in batches:
        for row in batch:
            if row.time > window.until:
                continue
            place = turn(row.id)
            if row.time >= window.asked:
                found.requests.add(place, row)
            _count(found.models.setdefault(row.model, Answers(Sample(most))), row, place, window)
            if row.shadow_model is not None:
                _count(
                    found.challengers.setdefault(row.shadow_model, Answers(Sample(most))), row, place, window
                )
    return found


def _count(answers: Answers, row: Any, place: bytes, window: Window) -> None:
    answers.last = row.time
    if row.time < window.told:
        return
    period = window.place(row.time)
    answers.predictions[period] += 1
    if row.outcome is not None:
        answers.outcomes[period] += 1
        answers.labelled.add(place, row)

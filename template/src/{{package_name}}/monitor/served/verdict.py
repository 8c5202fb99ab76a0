"""What was found in the store of the service, for people and for machines."""

from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel, computed_field

from ...report.wording import figure
from ..verdict import Verdict

Role = Literal["answers", "answered before", "challenger"]


class Figure(BaseModel):
    """A metric with its interval; `at_test` is what evaluation measured of the same model, if that is known."""

    value: float
    low: float | None
    high: float | None
    at_test: float | None
    larger_is_better: bool


class Period(BaseModel):
    """A part of the window: the metric that decides, where enough outcomes are known."""

    start: datetime
    predictions: int
    outcomes: int
    value: float | None = None
    low: float | None = None
    high: float | None = None


class Group(BaseModel):
    """Rows that share a value, and how well they were predicted."""

    column: str
    group: str
    rows: int
    value: float


class Performance(BaseModel):
    """How well one model did, by its predictions that have an outcome.

    role      a challenger predicted beside the model that answered
    measured  of how many of them: all, or a sample if they are very many; 0 if they are too few
    groups    the slices that evaluation uses, as far as their columns are stored
    """

    model: str
    role: Role
    predictions: int
    outcomes: int
    measured: int
    metrics: dict[str, Figure] = {}
    groups: list[Group] = []
    trend: list[Period] = []

    def __str__(self) -> str:
        who = "challenger" if self.role == "challenger" else "model"
        return (
            f"{who} {self.model[:12]}: {self.outcomes:,} of {self.predictions:,} predictions have an outcome"
        )


class Comparison(BaseModel):
    """A challenger beside what was answered, on the same requests.

    rows        predictions by both with an outcome, or a sample of them
    difference  of the metric that decides, the challenger's less the other, with its interval
    """

    challenger: str
    rows: int
    metric: str
    of_challenger: float
    of_answers: float
    difference: Figure

    @computed_field  # type: ignore[prop-decorator]
    @property
    def better(self) -> int:
        """1 if the challenger is better beyond chance, -1 if it is worse, 0 if that cannot be told."""
        if self.difference.low is None or self.difference.high is None:
            return 0
        sign = (self.difference.low > 0) - (self.difference.high < 0)
        return sign if self.difference.larger_is_better else -sign

    def __str__(self) -> str:
        word = {1: "better than", 0: "not to be told from", -1: "worse than"}[self.better]
        return (
            f"the challenger {self.challenger[:12]} is {word} what was answered: {self.metric} "
            f"{figure(self.of_challenger)} against {figure(self.of_answers)} on the same {self.rows:,} requests, "
            f"{told('difference', self.difference)}"
        )


class Delay(BaseModel):
    """How long after their prediction outcomes came: half of them, nine in ten."""

    half: timedelta
    most: timedelta

    def __str__(self) -> str:
        return (
            f"half of the outcomes came within {_spoken(self.half)}, nine in ten within {_spoken(self.most)}"
        )


class Quality(BaseModel):
    """What is odd about the values of a column, as shares of the requests that were looked at.

    unknown  values that the training rows lack: another category, or beyond their smallest and largest
    """

    column: str
    missing: float
    missing_in_training: float
    unknown: float
    examples: list[str]


class Held(BaseModel):
    """An objective that names a metric, held against what was measured in service."""

    name: str
    sentence: str
    is_met: bool


class ServedVerdict(BaseModel):
    """What was found; printed, it is what a person needs to know.

    champion  SHA-256 of the model that answered last; None if none did
    by_group  the metric of the groups
    notes     what was not watched, and why
    """

    time: datetime
    asked_since: datetime
    told_since: datetime
    store: str
    requests: int
    champion: str | None
    metric: str
    by_group: str
    confidence: float
    drift: Verdict | None = None
    quality: list[Quality] = []
    performance: list[Performance] = []
    comparisons: list[Comparison] = []
    delay: Delay | None = None
    worse: bool | None = None
    objectives: list[Held] = []
    notes: list[str] = []

    @computed_field  # type: ignore[prop-decorator]
    @property
    def alarms(self) -> list[str]:
        """What somebody should look at, a sentence each."""
        drift = [self.drift.sentence] if self.drift is not None and self.drift.drifted else []
        return [*drift, *self._alarms_by_outcomes]

    @property
    def _alarms_by_outcomes(self) -> list[str]:
        missed = [f"Objective missed: {held.sentence}." for held in self.objectives if not held.is_met]
        if not self.worse:
            return missed
        return [f"Worse than at the test: {told(self.metric, self.served.metrics[self.metric])}.", *missed]

    @property
    def served(self) -> Performance:
        """How well the champion did."""
        return next(one for one in self.performance if one.role == "answers")

    def __str__(self) -> str:
        if self.champion is None:
            return f"nothing was predicted since {self.asked_since:%Y-%m-%d %H:%M} UTC: {self.store} has no row of it"
        lines = [
            f"{self.requests:,} predictions since {self.asked_since:%Y-%m-%d %H:%M} UTC in {self.store}.",
            *([] if self.alarms else ["No alarm."]),
            *([] if self.drift is None else [str(self.drift)]),
            *self._alarms_by_outcomes,
        ]
        lines += [
            f"{one}, {told(self.metric, one.metrics[self.metric])}" for one in self.performance if one.metrics
        ]
        lines += [str(one) for one in self.performance if not one.metrics]
        lines += [str(one) for one in self.comparisons]
        if self.delay is not None:
            lines.append(str(self.delay))
        return "\n".join(lines + [f"not watched: {note}" for note in self.notes])


def told(metric: str, found: Figure) -> str:
    """A metric with its interval and the figure of the test, in words."""
    interval = "" if found.low is None else f" ({figure(found.low)} to {figure(found.high)})"
    test = "" if found.at_test is None else f", at the test {figure(found.at_test)}"
    return f"{metric} {figure(found.value)}{interval}{test}"


def _spoken(delay: timedelta) -> str:
    """A delay in the unit that fits it."""
    seconds = delay.total_seconds()
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.3g} {unit}"
    return f"{seconds:.0f} seconds"

"""The verdict on the service as one self-contained HTML page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

from ...report.wording import figure
from ..html import render
from .verdict import Performance, ServedVerdict

WIDTH, HEIGHT = 720.0, 220.0
LEFT, RIGHT, TOP, BOTTOM = 64.0, 12.0, 12.0, 30.0
TICKS = 4
MOST_GROUPS = 30


@dataclass(frozen=True)
class Point:
    """One part of the window: where it is drawn, and what it says."""

    x: float
    y: float
    low: float | None
    high: float | None
    told: str


@dataclass(frozen=True)
class Line:
    """One model over time."""

    model: str
    role: str
    points: Sequence[Point]


@dataclass(frozen=True)
class Chart:
    """The metric that decides over time; lengths in pixels.

    ticks   height and text of each horizontal line
    dates   place and text of each date
    test    the height of the champion's figure at the test
    """

    lines: Sequence[Line]
    ticks: Sequence[tuple[float, str]]
    dates: Sequence[tuple[float, str]]
    test: float | None
    width: float = WIDTH
    height: float = HEIGHT
    left: float = LEFT
    right: float = WIDTH - RIGHT
    bottom: float = HEIGHT - BOTTOM


def page(verdict: ServedVerdict) -> str:
    """Fill served.html.j2."""
    worst = _worst_first(verdict)
    return render("served.html.j2", verdict=verdict, chart=chart(verdict), groups=worst[:MOST_GROUPS])


def chart(verdict: ServedVerdict) -> Chart | None:
    """Draw the metric over time; None if no part of the window has enough outcomes."""
    ends = [end for one in verdict.performance for end in _ends(one)]
    if not ends:
        return None
    served = verdict.served.metrics.get(verdict.metric)
    at_test = served.at_test if served is not None else None
    if at_test is not None:
        ends.append(at_test)
    low, high = min(ends), max(ends)
    room = 0.08 * (high - low) or abs(high) * 0.1 or 1.0
    low, high = low - room, high + room

    def y(value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low)

    trend = verdict.performance[0].trend
    step = (WIDTH - LEFT - RIGHT) / len(trend)

    def points(one: Performance) -> Iterator[Point]:
        for place, period in enumerate(one.trend):
            if period.value is None:
                continue
            interval = "" if period.low is None else f" ({figure(period.low)} to {figure(period.high)})"
            yield Point(
                LEFT + step * (place + 0.5),
                y(period.value),
                None if period.low is None else y(period.low),
                None if period.high is None else y(period.high),
                f"from {period.start:%Y-%m-%d %H:%M}: {verdict.metric} {figure(period.value)}{interval}, "
                f"{period.outcomes:,} of {period.predictions:,} predictions have an outcome",
            )

    some = range(0, len(trend), max(1, len(trend) // 7))
    is_of_days = all(late.start - early.start >= timedelta(days=1) for early, late in pairwise(trend))
    form = "%b %d" if is_of_days else "%b %d %H:%M"
    values = [low + (high - low) * place / TICKS for place in range(TICKS + 1)]
    return Chart(
        lines=[
            Line(one.model, one.role, found) for one in verdict.performance if (found := list(points(one)))
        ],
        ticks=[(y(value), figure(value)) for value in values],
        dates=[(LEFT + step * place, trend[place].start.strftime(form)) for place in some],
        test=None if at_test is None else y(at_test),
    )


def _ends(one: Performance) -> Iterator[float]:
    for period in one.trend:
        yield from (value for value in (period.value, period.low, period.high) if value is not None)


def _worst_first(verdict: ServedVerdict) -> list[tuple[str, str, int, float]]:
    """The champion's groups, the worst first."""
    if verdict.champion is None or not verdict.served.metrics:
        return []
    served = verdict.served
    found = [(one.column, one.group, one.rows, one.value) for one in served.groups]
    is_larger_better = served.metrics[verdict.by_group].larger_is_better
    return sorted(found, key=lambda one: one[3], reverse=not is_larger_better)

"""How well a model did in service, by what really came out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...columns import Columns, take
from ...config import EvaluationConfig
from ...model.intervals import Interval, intervals
from ...model.judge import Judge, Rows
from ...model.predictor import pick
from ...model.slices import slices
from .found import Answers, Window
from .tables import Labelled, Tables, labelled
from .verdict import Comparison, Figure, Group, Performance, Period, Role


@dataclass(frozen=True)
class Measure:
    """How evaluation measures, for outcomes.

    metric  the one that decides
    least   fewer outcomes tell nothing
    """

    judge: Judge
    tables: Tables
    evaluation: EvaluationConfig
    metric: str
    least: int
    seed: int

    def suffices(self, answers: Answers) -> bool:
        """Whether there are enough outcomes to measure."""
        return len(answers.labelled.rows) >= self.least

    def performance(
        self, model: str, role: Role, answers: Answers, at_test: Mapping[str, float], window: Window
    ) -> Performance:
        """Measure one model: over all, by group, and by part of the window; of too few outcomes, count them."""
        known = None
        if self.suffices(answers):
            rows = answers.labelled.rows
            known = labelled(rows, self.tables, self.judge, challenger=role == "challenger")
        return Performance(
            model=model,
            role=role,
            predictions=answers.predictions.total(),
            outcomes=answers.outcomes.total(),
            measured=0 if known is None else len(known),
            metrics={} if known is None else self._metrics(known, at_test),
            groups=[] if known is None else list(self._groups(known)),
            trend=[self._period(answers, known, window, place) for place in range(window.periods)],
        )

    def comparison(self, model: str, answers: Answers) -> Comparison:
        """Hold what a challenger would have answered against what was, row by row the same requests."""
        challenger, answered = (
            labelled(answers.labelled.rows, self.tables, self.judge, challenger=which)
            for which in (True, False)
        )
        name, truth = self.metric, answered.truth
        both = (challenger.prediction, answered.prediction)
        ours, theirs = (self.judge.measure(truth, one)[name] for one in both)

        def difference(rows: Rows) -> dict[str, float]:
            new, old = (self.judge.measure(truth[rows], pick(one, rows))[name] for one in both)
            return {name: new - old}

        drawn = self._drawn(difference, answered.table)[name]
        return Comparison(
            challenger=model,
            rows=len(truth),
            metric=name,
            of_challenger=ours,
            of_answers=theirs,
            difference=self._figure(name, ours - theirs, drawn),
        )

    def figures(self, known: Labelled, rows: Rows) -> dict[str, tuple[float, float | None, float | None]]:
        """Each metric over the given rows, with its interval."""
        table, truth, prediction = take(known.table, rows), known.truth[rows], pick(known.prediction, rows)
        value = self.judge.measure(truth, prediction)
        drawn = self._drawn(lambda some: self.judge.measure(truth[some], pick(prediction, some)), table)
        return {name: (value[name], *drawn[name]) for name in value}

    def _metrics(self, known: Labelled, at_test: Mapping[str, float]) -> dict[str, Figure]:
        everything = self.figures(known, np.arange(len(known)))
        return {
            name: self._figure(name, value, interval, at_test.get(name))
            for name, (value, *interval) in everything.items()
        }

    def _figure(
        self, name: str, value: float, interval: Sequence[float | None], at_test: float | None = None
    ) -> Figure:
        low, high = interval
        return Figure(
            value=value,
            low=low,
            high=high,
            at_test=at_test,
            larger_is_better=self.judge.larger_is_better[name],
        )

    def _drawn(self, measure: Callable[[Rows], dict[str, float]], table: Columns) -> dict[str, Interval]:
        blocks = self.judge.blocks(table, self.tables.schema)
        return intervals(measure, blocks, self.evaluation.resamples, self.evaluation.confidence, self.seed)

    def _groups(self, known: Labelled) -> Iterator[Group]:
        smallest = self.evaluation.smallest_slice
        schema = self.tables.schema
        for found in slices(known.table, schema, known.truth, known.prediction, self.judge, smallest):
            yield Group(
                column=found["column"],
                group=found["group"],
                rows=found["rows"],
                value=found[self.judge.by_group],
            )

    def _period(self, answers: Answers, known: Labelled | None, window: Window, place: int) -> Period:
        value, low, high = self._during(known, window, place)
        return Period(
            start=window.start(place),
            predictions=answers.predictions[place],
            outcomes=answers.outcomes[place],
            value=value,
            low=low,
            high=high,
        )

    def _during(
        self, known: Labelled | None, window: Window, place: int
    ) -> tuple[float | None, float | None, float | None]:
        """The metric that decides, of the predictions of one part of the window; nothing if they are too few."""
        if known is None:
            return None, None, None
        begin, end = (np.datetime64(window.start(place + after), "us") for after in (0, 1))
        is_last = place == window.periods - 1
        rows = np.flatnonzero((known.times >= begin) & ((known.times < end) | is_last))
        return self.figures(known, rows)[self.metric] if len(rows) >= self.least else (None, None, None)


def is_worse(figure: Figure, worse_by: float) -> bool | None:
    """Whether a model does worse than at the test: beyond chance, and by more than a share of that figure.

    None if that cannot be told.
    """
    if figure.at_test is None or figure.low is None or figure.high is None:
        return None
    margin = worse_by * abs(figure.at_test)
    if figure.larger_is_better:
        return figure.high < figure.at_test - margin
    return figure.low > figure.at_test + margin

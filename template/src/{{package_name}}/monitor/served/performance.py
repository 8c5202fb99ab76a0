"""How well a model did in service, by what really came out."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from ...columns import Columns, take
from ...config import EvaluationConfig
from ...model.intervals import Interval, intervals
from ...model.judge import Judge, Rows
from ...model.predictor import pick
from ...model.slices import slices
from ...schema import Schema
from .found import Answers, Window
from .tables import Labelled
from .verdict import Comparison, Figure, Group, Performance, Period, Role


@dataclass(frozen=True)
class Measure:
    """How evaluation measures, for outcomes.

    metric  the one that decides
    least   fewer outcomes tell nothing
    """

    judge: Judge
    schema: Schema
    evaluation: EvaluationConfig
    metric: str
    least: int
    seed: int

    def performance(
        self,
        model: str,
        role: Role,
        answers: Answers,
        known: Labelled | None,
        at_test: Mapping[str, float],
        window: Window,
    ) -> Performance:
        """Measure one model: over all, by group, and by part of the window."""
        found = Performance(
            model=model,
            role=role,
            predictions=answers.predictions.total(),
            outcomes=answers.outcomes.total(),
            measured=0 if known is None else len(known),
            trend=list(self._trend(answers, known, window)),
        )
        if known is None:
            return found
        everything = self.figures(known, np.arange(len(known)))
        found.metrics = {
            name: Figure(
                value=value,
                low=low,
                high=high,
                at_test=at_test.get(name),
                larger_is_better=self.judge.larger_is_better[name],
            )
            for name, (value, low, high) in everything.items()
        }
        found.groups = list(self._groups(known))
        return found

    def comparison(self, model: str, challenger: Labelled, answered: Labelled) -> Comparison:
        """Hold what a challenger would have answered against what was, row by row the same requests."""
        name, truth = self.metric, answered.truth
        both = (challenger.prediction, answered.prediction)
        ours, theirs = (self.judge.measure(truth, one)[name] for one in both)

        def difference(rows: Rows) -> dict[str, float]:
            new, old = (self.judge.measure(truth[rows], pick(one, rows))[name] for one in both)
            return {name: new - old}

        low, high = self._drawn(difference, answered.table)[name]
        return Comparison(
            challenger=model,
            rows=len(truth),
            metric=name,
            of_challenger=ours,
            of_answers=theirs,
            difference=Figure(
                value=ours - theirs,
                low=low,
                high=high,
                at_test=None,
                larger_is_better=self.judge.larger_is_better[name],
            ),
        )

    def figures(self, known: Labelled, rows: Rows) -> dict[str, tuple[float, float | None, float | None]]:
        """Each metric over the given rows, with its interval."""
        table, truth, prediction = take(known.table, rows), known.truth[rows], pick(known.prediction, rows)
        value = self.judge.measure(truth, prediction)
        drawn = self._drawn(lambda some: self.judge.measure(truth[some], pick(prediction, some)), table)
        return {name: (value[name], *drawn[name]) for name in value}

    def _drawn(self, measure: Callable[[Rows], dict[str, float]], table: Columns) -> dict[str, Interval]:
        blocks = self.judge.blocks(table, self.schema)
        return intervals(measure, blocks, self.evaluation.resamples, self.evaluation.confidence, self.seed)

    def _groups(self, known: Labelled) -> Iterator[Group]:
        smallest = self.evaluation.smallest_slice
        for found in slices(known.table, self.schema, known.truth, known.prediction, self.judge, smallest):
            yield Group(
                column=found["column"],
                group=found["group"],
                rows=found["rows"],
                value=found[self.judge.by_group],
            )

    def _trend(self, answers: Answers, known: Labelled | None, window: Window) -> Iterator[Period]:
        for place in range(window.periods):
            period = Period(
                start=window.start(place),
                predictions=answers.predictions[place],
                outcomes=answers.outcomes[place],
            )
            if known is not None:
                ends = [np.datetime64(window.start(place + after), "us") for after in (0, 1)]
                is_last = place == window.periods - 1
                inside = (known.times >= ends[0]) & ((known.times < ends[1]) | is_last)
                rows = np.flatnonzero(inside)
                if len(rows) >= self.least:
                    period.value, period.low, period.high = self.figures(known, rows)[self.metric]
            yield period


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

"""What really came out: how well each model did by it, and whether the one that answers keeps its promises."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from ...config import Config, Objective
from ...model.judge import Judge
from ...report.gate import verdicts
from .found import Answers, Found
from .known_models import figures_at_test
from .performance import Measure, is_worse
from .tables import Tables
from .verdict import Comparison, Delay, Figure, Held, Performance, Role


@dataclass(frozen=True)
class Told:
    """What the outcomes of a window show.

    performance  of each model, the challengers last
    delay        of outcomes of the model that answers
    worse        whether it does worse than at its test; None if that cannot be told
    notes        what was not measured, and why
    """

    performance: Sequence[Performance] = ()
    comparisons: Sequence[Comparison] = ()
    delay: Delay | None = None
    worse: bool | None = None
    objectives: Sequence[Held] = ()
    notes: Sequence[str] = ()


def measured(found: Found, tables: Tables, judge: Judge, config: Config, worse_by: float) -> Told:
    """Measure every model by its outcomes, and hold the one that answers against its test and the objectives."""
    least = config.monitor.minimum_rows
    measure = Measure(judge, tables, config.evaluation, config.task.metric, least, config.seed)

    def performance(name: str, role: Role, answers: Answers) -> Performance:
        at_test = figures_at_test(config, name) if measure.suffices(answers) else {}
        return measure.performance(name, role, answers, at_test, found.window)

    answered = {
        name: performance(name, "answers" if name == found.champion else "answered before", answers)
        for name, answers in found.models.items()
    }
    challenged = [performance(name, "challenger", answers) for name, answers in found.challengers.items()]
    everyone = [*answered.values(), *challenged]
    comparisons = [
        measure.comparison(name, answers)
        for name, answers in found.challengers.items()
        if measure.suffices(answers)
    ]
    assert found.champion is not None  # noqa: S101 - the caller has seen to it
    served = answered[found.champion]
    if not served.metrics:
        note = (
            f"performance of the model that answers: {served.outcomes} of its predictions since "
            f"{found.window.told:%Y-%m-%d} have an outcome, and {least} are needed"
        )
        return Told(everyone, comparisons, notes=[note])
    decisive = served.metrics[config.task.metric]
    return Told(
        everyone,
        comparisons,
        _delay(found.models[found.champion]),
        is_worse(decisive, worse_by),
        _objectives(config.objectives, served),
        _cannot_be_told(decisive),
    )


def _delay(answers: Answers) -> Delay:
    """How late its outcomes came; one that was told before its prediction was written came at once."""
    seconds = [max((row.told - row.time).total_seconds(), 0.0) for row in answers.labelled.rows]
    half, most = np.quantile(seconds, [0.5, 0.9])
    return Delay(half=timedelta(seconds=round(half)), most=timedelta(seconds=round(most)))


def _cannot_be_told(figure: Figure) -> list[str]:
    """Why nobody can tell whether the model does worse than at its test, if so."""
    unknown = "whether the model does worse than at its test"
    if figure.at_test is None:
        return [f"{unknown}: this checkout does not know what it reached there"]
    if figure.low is None:
        return [
            f"{unknown}: its outcomes depend too much on each other to tell it from chance; wait for more"
        ]
    return []


def _objectives(objectives: Mapping[str, Objective], served: Performance) -> list[Held]:
    """Objectives that name a metric; what else they may name is not measured in service."""
    figures = {"metrics": {name: figure.model_dump() for name, figure in served.metrics.items()}}
    return [
        Held(name=one.name, sentence=one.sentence, is_met=one.state == "pass")
        for one in verdicts(figures, objectives)
        if one.value is not None
    ]

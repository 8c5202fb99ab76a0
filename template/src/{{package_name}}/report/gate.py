"""The stage that fails the pipeline when the model misses an objective."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from .. import paths
from ..config import Config, Objective
from ..errors import ObjectiveMissedError
from ..files import read_json
from .wording import figure


@dataclass(frozen=True)
class Verdict:
    """An objective held against what was measured; `value` is None where nothing was."""

    name: str
    objective: Objective
    value: float | None
    state: Literal["pass", "fail", "not measured"]

    @property
    def bound(self) -> str:
        """The bound as people write it."""
        if self.objective.at_least is not None:
            return f"at least {self.objective.at_least:g}"
        return f"at most {self.objective.at_most:g}"

    @property
    def sentence(self) -> str:
        """What was found, what was expected, and why it matters."""
        if self.value is None:
            return f"{self.name}: {self.objective.measure} was not measured, and must be {self.bound}"
        bound = self.objective.at_least if self.objective.at_least is not None else self.objective.at_most
        off = abs(self.value - (bound or 0.0))
        short = f", missed by {figure(off)}" if self.state == "fail" else ""
        return f"{self.name}: {self.objective.measure} is {figure(self.value)}, must be {self.bound}{short}"


def gate(config: Config) -> None:
    """Hold every objective of conf/objectives.yaml against the evaluation.

    Reads   reports/evaluation.json.
    Raises  ObjectiveMissedError that says which objectives were missed, and by how much.
    """
    found = verdicts(read_json(paths.EVALUATION_REPORT), config.objectives)
    missed = [verdict for verdict in found if verdict.state == "fail"]
    if missed:
        listed = "\n".join(f"  {verdict.sentence}\n    {verdict.objective.because}" for verdict in missed)
        raise ObjectiveMissedError(
            f"the model misses {len(missed)} of {len(found)} objectives:\n{listed}\n"
            f"{paths.MODEL_CARD} and {paths.PAGE} show where it fails. Better data or another model may help; only who "
            f"answers for the objectives may change them, in {paths.OBJECTIVES}."
        )


def verdicts(evaluation: Mapping[str, Any], objectives: Mapping[str, Objective]) -> list[Verdict]:
    """Judge each objective; one that was not measured fails unless it is optional."""
    return [
        _verdict(name, objective, _measured(evaluation, objective.measure))
        for name, objective in objectives.items()
    ]


def _verdict(name: str, objective: Objective, value: float | None) -> Verdict:
    if value is None:
        return Verdict(name, objective, None, "not measured" if objective.optional else "fail")
    low = objective.at_least if objective.at_least is not None else value
    high = objective.at_most if objective.at_most is not None else value
    return Verdict(name, objective, value, "pass" if low <= value <= high else "fail")


def _measured(evaluation: Mapping[str, Any], place: str) -> float | None:
    """Follow a dotted name, such as metrics.macro_f1.low, into the evaluation."""
    found: Any = evaluation
    for key in place.split("."):
        if not isinstance(found, Mapping) or key not in found:
            return None
        found = found[key]
    return float(found) if isinstance(found, int | float) else None

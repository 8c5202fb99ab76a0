"""Where a candidate's hyperparameters are searched, and the candidate with what was found there."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from optuna.trial import Trial

from ..config import Component, Config
from ..errors import ConfigurationError

Space = dict[str, dict[str, Any]]


def searched(config: Config, name: str) -> tuple[Component, Space]:
    """The candidate of that name and the space to search.

    Raises ConfigurationError if one is missing, or the space is written wrong.
    """
    if name not in config.model.candidates:
        known = ", ".join(config.model.candidates)
        raise ConfigurationError(
            f"there is no candidate '{name}'; conf/model/ gives {known}: name one of them"
        )
    if not config.model.search.get(name):
        raise ConfigurationError(
            f"conf/model/ says nothing of where to search for '{name}': add `search.{name}` there, "
            "as the other candidates have it"
        )
    candidate, space = config.model.candidates[name], config.model.search[name]
    for key, bounds in space.items():
        if (wrong := _wrong(candidate, key, bounds)) is not None:
            raise ConfigurationError(f"search.{name}.{key} {wrong}: mend it in conf/model/")
    return candidate, space


def _wrong(candidate: Component, key: str, bounds: Mapping[str, Any]) -> str | None:
    """What is wrong with a setting's bounds; None if nothing is."""
    try:
        changed(candidate, {key: None})
    except (LookupError, TypeError, ValueError):
        return "leads to no setting of the candidate"
    if bounds.get("choices"):
        return None
    low, high = bounds.get("low"), bounds.get("high")
    if not isinstance(low, int | float) or not isinstance(high, int | float):
        return "needs two numbers, low and high, or a list of choices"
    if low > high:
        return f"has a low end of {low}, which is above the high one, {high}"
    return "has `log: true`, for which low must be above zero" if bounds.get("log") and low <= 0 else None


def changed(candidate: Component, settings: dict[str, Any]) -> Component:
    """The candidate with some arguments set; a dotted key reaches into what it is made of."""
    made = deepcopy(candidate)
    for key, value in settings.items():
        *way, last = key.split(".")
        place: Any = made
        for step in way:
            place = place[int(step)] if isinstance(place, list) else place[step]
        place[last] = value
    return made


def present(candidate: Component, space: Space) -> dict[str, Any]:
    """The candidate's own values of what is searched, where it gives any."""
    values = {}
    for key in space:
        place: Any = candidate
        for step in key.split("."):
            place = place[int(step)] if isinstance(place, list) else place.get(step)
        if place is not None:
            values[key] = place
    return values


def suggest(trial: Trial, space: Space) -> dict[str, Any]:
    """Values for this trial: whole numbers between whole bounds, one of `choices`, else real numbers."""
    return {key: _suggest(trial, key, bounds) for key, bounds in space.items()}


def _suggest(trial: Trial, key: str, bounds: dict[str, Any]) -> Any:
    if "choices" in bounds:
        return trial.suggest_categorical(key, bounds["choices"])
    low, high, log = bounds["low"], bounds["high"], bounds.get("log", False)
    if isinstance(low, int) and isinstance(high, int):
        return trial.suggest_int(key, low, high, log=log)
    return trial.suggest_float(key, low, high, log=log)

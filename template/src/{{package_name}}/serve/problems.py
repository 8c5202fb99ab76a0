"""What is wrong with a request, told by field, rule and value."""

from collections.abc import Iterable
from difflib import get_close_matches
from json import dumps
from typing import Any

from pydantic import BaseModel, ValidationError

from ..schema import Column
from .rows import quoted
from .rows import rule as column_rule

MOST = 100
"""A thousand rows can be wrong in thousands of ways; the first ones show which."""
LONGEST_VALUE = 100

STRUCTURE = {
    "missing": "given",
    "list_type": "a list",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "too_short": "at least {min_length} long",
    "too_long": "at most {max_length} long",
}
"""What must be where the body has the wrong shape, by pydantic's name of the error."""

Place = tuple[int | str, ...]


class Problem(BaseModel):
    """One thing that is wrong: where it stands, what is allowed there, what was found."""

    field: str
    rule: str
    value: Any
    message: str


class Refusal(BaseModel):
    """The answer to a request that breaks a rule."""

    detail: list[Problem]


def refusal(error: ValidationError, columns: Iterable[Column]) -> Refusal:
    """Tell what pydantic found, in terms of the columns that a row may have."""
    known = {column.name: column for column in columns}
    found = error.errors(include_url=False)[:MOST]
    return Refusal(detail=[_problem(item, known) for item in found])


def _problem(item: Any, known: dict[str, Column]) -> Problem:
    kind, place = item["type"], item["loc"]
    field, (value, text) = path(place), _shown(item["input"])
    if kind == "json_invalid":
        reason = item["msg"].removeprefix("Invalid JSON: ")
        return Problem(
            field=field, rule="JSON", value=None, message=f"{field} is not JSON ({reason})"
        )
    column = known.get(str(place[-1])) if len(place) > 1 else None
    if kind == "extra_forbidden":
        rule = f"one of {quoted(known)}" if len(place) > 1 else "known"
        closest = get_close_matches(str(place[-1]), known, n=1)
        hint = f", did you mean {quoted(closest)}?" if closest else ""
        message = f"{field} is not known{hint or ' here'}: it must be {rule}"
        return Problem(field=field, rule=rule, value=value, message=message)
    rule = (
        column_rule(column)
        if column is not None
        else STRUCTURE.get(kind, item["msg"]).format_map(item.get("ctx", {}))
    )
    if kind == "missing":
        return Problem(
            field=field, rule=rule, value=None, message=f"{field} is absent, and must be {rule}"
        )
    return Problem(
        field=field, rule=rule, value=value, message=f"{field} is {text}, and must be {rule}"
    )


def path(place: Place) -> str:
    """The place as JavaScript would write it: `rows[3]["bill length"]`."""
    if not place:
        return "body"
    steps = (f"[{dumps(step, ensure_ascii=False)}]" for step in place[1:])
    return f"{place[0]}{''.join(steps)}"


def _shown(value: Any) -> tuple[Any, str]:
    """The value as JSON can carry it, and as a sentence shows it: the beginning, if it is long."""
    text = dumps(value, ensure_ascii=False, default=str)
    if len(text) > LONGEST_VALUE:
        text = f"{text[:LONGEST_VALUE]}..."
        return text, text
    # NaN and infinity are known to Python's JSON, but not to JSON.
    return (value if _is_json(value) else text), text


def _is_json(value: Any) -> bool:
    try:
        dumps(value, allow_nan=False)
    except (ValueError, TypeError):
        return False
    return True

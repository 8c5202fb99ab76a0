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
    "greater_than_equal": "at least {ge}",
    "less_than_equal": "at most {le}",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "string_type": "text",
    "string_pattern_mismatch": "an id, as the predictions of an answer have one",
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


def _problem(found: Any, known: dict[str, Column]) -> Problem:
    field = path(found["loc"])
    match found["type"]:
        case "json_invalid":
            reason = found["msg"].removeprefix("Invalid JSON: ")
            return Problem(field=field, rule="JSON", value=None, message=f"{field} is not JSON ({reason})")
        case "extra_forbidden":
            return _unknown(field, found["loc"], known)
        case "missing":
            rule = _rule(found, known)
            message = f"{field} is absent, and must be {rule}"
            return Problem(field=field, rule=rule, value=None, message=message)
        case _:
            rule, (value, text) = _rule(found, known), _shown(found["input"])
            message = f"{field} is {text}, and must be {rule}"
            return Problem(field=field, rule=rule, value=value, message=message)


def _unknown(field: str, place: Place, known: dict[str, Column]) -> Problem:
    if len(place) == 1:
        rule = "a field of the request"
        return Problem(field=field, rule=rule, value=None, message=f"{field} is not {rule}")
    rule = f"one of {quoted(known)}"
    folded = {name.casefold(): name for name in known}
    closest = get_close_matches(str(place[-1]).casefold(), folded, n=1)
    hint = f" (did you mean {quoted([folded[closest[0]]])}?)" if closest else ""
    message = f"{field} is not a column that a row may have{hint}: its name must be {rule}"
    return Problem(field=field, rule=rule, value=place[-1], message=message)


def _rule(found: Any, known: dict[str, Column]) -> str:
    place = found["loc"]
    if len(place) > 1 and place[-1] in known:
        return column_rule(known[place[-1]])
    if found["type"] in STRUCTURE:
        return STRUCTURE[found["type"]].format(**found.get("ctx", {}))
    return str(found["msg"]).removeprefix("Value error, ")


def path(place: Place) -> str:
    """Write a place as JavaScript would: `rows[3]["bill length"]`."""
    if not place:
        return "body"
    steps = (f"[{dumps(step, ensure_ascii=False)}]" for step in place[1:])
    return f"{place[0]}{''.join(steps)}"


def _shown(value: Any) -> tuple[Any, str]:
    """Give a value as JSON can carry it, and as a sentence shows it; of a long one, the head."""
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

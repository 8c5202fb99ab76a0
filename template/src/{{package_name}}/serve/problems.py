"""What is wrong with a request, told by field, rule and value."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from itertools import islice
from json import JSONEncoder, dumps
from typing import Any

from pydantic import BaseModel, ValidationError

from ..schema import Column
from .rows import quoted
from .rows import rule as column_rule

MOST = 100
"""A row can be wrong in thousands of ways; the first ones show which."""
MOST_HINTS = 5
"""Among hundreds of columns, each search for the right spelling takes some hundredths of a second."""
LONGEST_VALUE = 100
"""Letters of a value, or of a name, that are shown."""

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
    "nested": "a single value",
}
"""What must be where the body has the wrong shape, by pydantic's name of the error; `nested` is our own."""

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
    return told(error.errors(include_url=False), columns)


def told(errors: Iterable[Any], columns: Iterable[Column]) -> Refusal:
    """Tell the first errors, which are in pydantic's form, in terms of the columns that a row may have."""
    known = {column.name: column for column in columns}
    names = {name.casefold(): name for name in known}
    problems, hints = [], 0
    for found in islice(errors, MOST):
        if found["type"] == "extra_forbidden":
            hints += 1
            problems.append(_unknown(found["loc"], known, names if hints <= MOST_HINTS else {}))
        else:
            problems.append(_problem(found, known))
    return Refusal(detail=problems)


def _problem(found: Any, known: dict[str, Column]) -> Problem:
    field = path(found["loc"])
    match found["type"]:
        case "json_invalid":
            reason = found["msg"].removeprefix("Invalid JSON: ")
            return Problem(field=field, rule="JSON", value=None, message=f"{field} is not JSON ({reason})")
        case "missing":
            rule = _rule(found, known)
            message = f"{field} is absent, and must be {rule}"
            return Problem(field=field, rule=rule, value=None, message=message)
        case _:
            rule, (value, text) = _rule(found, known), _shown(found["input"])
            message = f"{field} is {text}, and must be {rule}"
            return Problem(field=field, rule=rule, value=value, message=message)


def _unknown(place: Place, known: Iterable[str], candidates: Mapping[str, str]) -> Problem:
    """Tell of a name that is none; `candidates` are the names that may be meant, by their small letters."""
    field = path(place)
    if len(place) == 1:
        rule = "a field of the request"
        return Problem(field=field, rule=rule, value=None, message=f"{field} is not {rule}")
    rule, name = f"one of {quoted(known)}", str(place[-1])
    meant = name[:LONGEST_VALUE].casefold()
    closest = get_close_matches(meant, candidates, n=1)
    hint = f" (did you mean {quoted([candidates[closest[0]]])}?)" if closest else ""
    message = f"{field} is not a column that a row may have{hint}: its name must be {rule}"
    return Problem(field=field, rule=rule, value=_shown(name)[0], message=message)


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
    steps = (f"[{_head(step)}]" for step in place[1:])
    return f"{str(place[0])[:LONGEST_VALUE]}{''.join(steps)}"


def _shown(value: Any) -> tuple[Any, str]:
    """Give a value as JSON can carry it, and as a sentence shows it; of a long one, the head."""
    text = _head(value)
    if len(text) > LONGEST_VALUE:
        return text, text
    # NaN and infinity are known to Python's JSON, but not to JSON.
    return (value if _is_json(value) else text), text


def _head(value: Any) -> str:
    """Write a value as JSON; of a long one the beginning alone is written at all."""
    value = value[: LONGEST_VALUE + 1] if isinstance(value, str) else value
    text = ""
    for part in JSONEncoder(ensure_ascii=False, default=str).iterencode(value):
        text += part
        if len(text) > LONGEST_VALUE:
            return f"{text[:LONGEST_VALUE]}..."
    return text


def _is_json(value: Any) -> bool:
    try:
        dumps(value, allow_nan=False)
    except (ValueError, TypeError):
        return False
    return True

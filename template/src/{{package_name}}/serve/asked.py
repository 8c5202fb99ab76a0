"""What a request asks: its body, read without letting a wrong one cost many times its size."""

from collections.abc import Iterable, Iterator
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import from_json

from ..schema import Column
from .problems import Place, Refusal, refusal, told

HARMLESS = 500_000
"""Bytes of a body times columns of a row. For each column that a row lacks, pydantic keeps a copy of the row, as
objects of Python: of so much, some ten megabytes; of a large body, gigabytes."""
_NESTED = frozenset({dict, list})


def read(body: bytes, model: type[BaseModel], columns: list[Column]) -> Any:
    """Return what the body asks, or the Refusal that tells what is wrong with it.

    Of a body that is large, names and nesting are looked at before pydantic sees it: all that it can then find wrong
    are the values of one row.
    """
    if len(body) * len(columns) > HARMLESS and (found := _misshapen(body, model, columns)) is not None:
        return found
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        return refusal(error, columns)


def _misshapen(body: bytes, model: type[BaseModel], columns: Iterable[Column]) -> Refusal | None:
    try:
        content = from_json(body)
    except ValueError:
        # It is not JSON: of that, pydantic keeps one error, and says where.
        return None
    found = told(_outline(content, (), model), columns)
    return found if found.detail else None


def _outline(content: Any, place: Place, model: type[BaseModel]) -> Iterator[dict[str, Any]]:
    """Tell in pydantic's form which names are wrong, and what is not the object, list or single value it must be."""
    if not isinstance(content, dict):
        yield _error("model_type", place, content)
        return
    fields = _fields(model)
    for name, value in content.items():
        if name not in fields:
            yield _error("extra_forbidden", (*place, name), value)
    for name, field in fields.items():
        if name in content:
            yield from _values(content[name], (*place, name), field)
        elif field.is_required():
            yield _error("missing", (*place, name), None)


def _values(content: Any, place: Place, field: FieldInfo) -> Iterator[dict[str, Any]]:
    most = next((rule.max_length for rule in field.metadata if hasattr(rule, "max_length")), None)
    if most is None:
        if type(content) in _NESTED:
            yield _error("nested", place, content)
    elif not isinstance(content, list):
        yield _error("list_type", place, content)
    elif len(content) > most:
        yield _error("too_long", place, content, max_length=most)
    else:
        (row,) = get_args(field.annotation)
        fields = _fields(row)
        required = {name for name, field in fields.items() if field.is_required()}
        for number, item in enumerate(content):
            # Nearly every row is as it must be, which costs less to see than to tell what is wrong.
            if not (
                type(item) is dict
                and required <= item.keys() <= fields.keys()
                and _NESTED.isdisjoint(map(type, item.values()))
            ):
                yield from _outline(item, (*place, number), row)


def _fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _error(kind: str, place: Place, found: Any, **limits: int) -> dict[str, Any]:
    return {"type": kind, "loc": place, "input": found, "ctx": limits}

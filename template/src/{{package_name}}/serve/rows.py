"""One row of a request: which columns it has, and which values the schema allows in them."""

from collections.abc import Iterable
from datetime import UTC, datetime
from json import dumps
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model

from ..columns import LARGEST_INTEGER, LARGEST_NUMBER
from ..schema import Column
from .examples import example, has_time


class Row(BaseModel):
    """A row whose columns have been checked; made for a schema by `row_model`."""

    model_config = ConfigDict(extra="forbid")

    def by_column(self) -> dict[str, Any]:
        """Give the values by exact column name; None is a missing value."""
        return self.model_dump(by_alias=True)


def row_model(columns: Iterable[Column]) -> type[Row]:
    """Make the model of a row with these columns; each column's exact name is its JSON key.

    Types are strict: "3" is not a number, 1 is not true. A column may be null or absent only if it
    lacked values in training.
    """
    # A column may be called anything, a field of Python may not: hence the aliases.
    fields: dict[str, Any] = {f"column_{place}": _field(column) for place, column in enumerate(columns)}
    return create_model("Row", __base__=Row, **fields)


def _field(column: Column) -> tuple[Any, Any]:
    about: dict[str, Any] = {
        "alias": column.name,
        "title": column.name,
        "description": column.note,
        "examples": [example(column)],
    }
    if column.missing > 0:
        return values(column) | None, Field(default=None, **about)
    return values(column), Field(**about)


def values(column: Column) -> Any:
    """Give the type of a column's values, with the rules that they obey."""
    match column.type:
        case "number":
            return Annotated[float, _between(column, LARGEST_NUMBER)]
        case "integer":
            # Not `int`: JSON knows one kind of number, and many clients write 3 as 3.0.
            whole = Field(multiple_of=1, json_schema_extra={"type": "integer"})
            return Annotated[float, _between(column, LARGEST_INTEGER), whole]
        case "boolean":
            return Annotated[bool, Field(strict=True)]
        case "date":
            form = "date-time" if has_time(column) else "date"
            return Annotated[datetime, BeforeValidator(_instant), Field(json_schema_extra={"format": form})]
        case _ if column.categories and not column.open:
            return Literal[tuple(column.categories)]
        case _:
            return Annotated[str, Field(strict=True, min_length=1)]


def _between(column: Column, largest: float) -> Any:
    low, high = column.range or (-largest, largest)
    return Field(strict=True, allow_inf_nan=False, ge=low, le=high)


def _instant(value: object) -> datetime:
    """Read a point in time; as in the table, it has no zone: one that names its own goes to UTC."""
    if not isinstance(value, str):
        raise ValueError("a date is text in the form of ISO 8601")
    instant = datetime.fromisoformat(value)
    try:
        return instant.astimezone(UTC).replace(tzinfo=None) if instant.tzinfo else instant
    except OverflowError as error:
        raise ValueError("in UTC the date lies outside the calendar") from error


def rule(column: Column) -> str:
    """Say what a value of the column must be, in words that go on after `must be`."""
    return _rule_of_type(column) + (", or null" if column.missing > 0 else "")


def _rule_of_type(column: Column) -> str:
    match column.type:
        case "number" | "integer":
            kind = "a number" if column.type == "number" else "a whole number"
            return f"{kind} from {column.range[0]:.12g} to {column.range[1]:.12g}" if column.range else kind
        case "boolean":
            return "true or false"
        case "date":
            return f'a date in the form of ISO 8601, such as "{example(column)}"'
        case _ if column.categories and not column.open:
            return f"one of {quoted(column.categories)}"
        case _:
            return "text of at least one character"


def quoted(names: Iterable[Any], most: int = 20) -> str:
    """Join names as JSON writes them, text in quotation marks; of many, the first ones."""
    names = list(names)
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(dumps(name, ensure_ascii=False) for name in names[:most]) + more

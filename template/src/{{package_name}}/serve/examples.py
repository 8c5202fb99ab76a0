"""A value that a column accepts, to show people what a model asks for."""

from typing import Any

from ..schema import Column


def example(column: Column) -> Any:
    """Find a value that the column accepts: the middle of its range, or its first category."""
    low, high = column.range or (0.0, 2.0)
    match column.type:
        case "number":
            middle = (low + high) / 2
            short = float(f"{middle:.4g}")
            return short if low <= short <= high else middle
        case "integer":
            return int((low + high) // 2)
        case "boolean":
            return True
        case "date":
            return "2024-02-29T12:00:00" if has_time(column) else "2024-02-29"
        case _:
            return column.categories[0] if column.categories else "text"


def has_time(column: Column) -> bool:
    """Whether the dates of the column tell the hour."""
    return column.format is not None and "%H" in column.format

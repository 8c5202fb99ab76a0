"""Class labels as text inside the model, and in the target's own type outside."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..schema import Column


def labels(values: NDArray[Any], target: Column) -> NDArray[Any]:
    """Labels as text: 3 for the whole number, true and false for truth values."""
    if target.type == "boolean":
        return np.where(values == 1, "true", "false").astype(object)
    if target.type == "integer":
        return values.astype(int).astype(str).astype(object)
    return values


def original(label: str, target: Column) -> str | int | bool:
    """The label in the target's own type, as people know it."""
    if target.type == "boolean":
        return label == "true"
    return int(label) if target.type == "integer" else label

"""What each column adds to one prediction, compared with a typical row."""

from collections.abc import Callable
from dataclasses import dataclass
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..columns import Columns, from_rows
from ..errors import ModelError
from .predictor import Prediction, Predictor

EXACT = 10
"""Of so many columns that differ from the typical row, every combination is predicted: 1024 rows."""
ROWS = 1024
"""Of more, about so many rows in orders that are drawn, or twice as many as there are columns."""

Floats = NDArray[np.float64]
Worth = Callable[[NDArray[np.bool_]], Floats]
"""What the model says where some columns have the row's value, and the others the typical one.

Takes combinations by columns, gives one number per combination.
"""


@dataclass(frozen=True)
class Contributions:
    """A prediction, taken apart.

    prediction  what the model says of the row
    label       the class whose probability is explained; None for numbers
    value       what is explained: that probability, or the number that is predicted
    base        the same for the typical row; a forecast goes on from the level of the explained one
    typical     the typical row, one value per column
    parts       what each column adds, in the unit of the value; together value - base
    is_exact    whether every combination of columns was predicted
    """

    prediction: Prediction
    label: str | None
    value: float
    base: float
    typical: Columns
    parts: dict[str, float]
    is_exact: bool

    @property
    def is_finite(self) -> bool:
        """Whether the model computed finite numbers for all that was asked."""
        return bool(np.isfinite([self.value, self.base, *self.parts.values()]).all())


def contributions(predictor: Predictor, row: Columns, label: str | None = None) -> Contributions:
    """Shapley values of the columns, where a column that takes no part has its typical value.

    The values are those of Shapley (1953); to explain a prediction by them, Strumbelj and Kononenko (2014); against
    one fixed row, the baseline Shapley of Sundararajan and Najmi (2020). A date, or a category, is one column.

    row    one row, with all columns that the model asks for
    label  the class to explain, in place of the predicted one

    Raises ModelError if the model's file holds no typical row.
    """
    if predictor.signature.typical is None:
        raise ModelError(
            "the model is older than explanations, and must be one that knows a typical row to compare with: "
            "train it anew with `uv run poe pipeline`"
        )
    prediction = predictor.predict(row)
    if label is None and prediction.classes:
        label = str(prediction.values[0])
    typical = from_rows([predictor.signature.typical], predictor.schema.features)
    value = float(_figures(prediction, label)[0])
    base = float(_figures(predictor.predict(row | typical), label)[0])
    names = [name for name, usual in typical.items() if row[name][0] != usual[0]]

    def worth(members: NDArray[np.bool_]) -> Floats:
        mixed = {name: np.repeat(values, len(members)) for name, values in row.items()}
        for member, name in zip(members.T, names, strict=True):
            mixed[name] = np.where(member, row[name], typical[name])
        figures = _figures(predictor.predict(mixed), label)
        # Among others, a row may be rounded otherwise than alone.
        return np.where(members.all(axis=1), value, np.where(members.any(axis=1), figures, base))

    is_exact = len(names) <= EXACT
    with np.errstate(invalid="ignore"):
        parts = (exact if is_exact else sampled)(worth, len(names))
    return Contributions(
        prediction=prediction,
        label=label,
        value=value,
        base=base,
        typical=typical,
        parts=dict.fromkeys(typical, 0.0) | dict(zip(names, parts.tolist(), strict=True)),
        is_exact=is_exact,
    )


def exact(worth: Worth, columns: int) -> Floats:
    """The mean gain that each column brings, over all combinations of the others."""
    every = np.arange(2**columns)
    members = (every[:, None] >> np.arange(columns)) % 2 == 1
    worths, sizes = worth(members), members.sum(axis=1)
    # Sizes count alike, and so do the combinations of one size.
    share = np.array([1 / (columns * comb(columns - 1, size)) for size in range(columns)])
    parts = np.zeros(columns)
    for column in range(columns):
        without = every[~members[:, column]]
        parts[column] = share[sizes[without]] @ (worths[without + 2**column] - worths[without])
    return parts


def sampled(worth: Worth, columns: int, rows: int = ROWS, seed: int = 0) -> Floats:
    """The mean gain that each column brings when columns join one by one, over orders drawn with their reverse.

    Antithetic sampling, as Mitchell, Cooper, Frank and Holmes (2022) compare it with others.
    """
    rng = np.random.default_rng(seed)
    pairs = max(1, rows // (2 * columns))
    drawn = [rng.permutation(columns) for _ in range(pairs)]
    places = np.array([*drawn, *(columns - 1 - place for place in drawn)])
    members = places[:, None, :] < np.arange(columns + 1)[:, None]
    worths = worth(members.reshape(-1, columns)).reshape(2 * pairs, columns + 1)
    gains = np.diff(worths, axis=1)
    return np.asarray(np.take_along_axis(gains, places, axis=1).mean(axis=0))


def typical_row(table: Columns) -> dict[str, Any]:
    """The middle of each column: the lower median, or the most frequent category; None if it has no value.

    Ready for JSON, as `columns.from_rows` reads it: numbers, text, and dates in the form of ISO 8601.
    """
    return {name: _middle(values) for name, values in table.items()}


def _middle(values: NDArray[Any]) -> Any:
    if values.dtype.kind == "O":
        known, counts = np.unique(values[values != ""], return_counts=True)
        return str(known[counts.argmax()]) if len(known) else None
    known = np.sort(values[~np.isnan(values)])
    if len(known) == 0:
        return None
    middle = known[(len(known) - 1) // 2]
    return str(middle) if values.dtype.kind == "M" else float(middle)


def _figures(prediction: Prediction, label: str | None) -> Floats:
    if prediction.probabilities is None or label is None:
        return prediction.values
    return np.asarray(prediction.probabilities[:, prediction.classes.index(label)])

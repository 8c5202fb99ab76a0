"""Features of one example, computed alike for training and for serving. This file is yours.

The columns come as NumPy arrays (see columns.py): float64, object for text, datetime64. Return the
columns that the model shall see, as float64 or object; nothing else changes when you add one here.
"""

import numpy as np

from .columns import Columns


def features(columns: Columns) -> Columns:
    """Keep numbers and categories; turn each date into its year, month and weekday."""
    kept = {name: values for name, values in columns.items() if values.dtype.kind != "M"}
    for name, values in columns.items():
        if name in kept:
            continue
        days = values.astype("datetime64[D]")
        known = ~np.isnat(days)
        parts = {
            "year": days.astype("datetime64[Y]").astype(float) + 1970,
            "month": days.astype("datetime64[M]").astype(float) % 12 + 1,
            # Day 0 of the epoch was a Thursday; Monday is 0.
            "weekday": (days.astype(float) + 3) % 7,
        }
        for part, value in parts.items():
            kept[_free(f"{name} {part}", columns)] = np.where(known, value, np.nan)
    return kept


def _free(name: str, columns: Columns) -> str:
    """The name, with as many dashes behind it as it takes to be that of no column."""
    while name in columns:
        name += "-"
    return name

"""What every candidate has in common: missing numbers are filled, categories become indicators."""

from typing import Any

import numpy as np
import polars as pl
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder

from ..columns import Columns, category_names, number_names
from ..schema import Schema


def with_encoder(estimator: BaseEstimator, seen: Columns, schema: Schema) -> Pipeline:
    """Put the encoder for these feature columns in front of an estimator.

    The pipeline takes the table of `model_frame`: numbers first, then categories.
    """
    numbers, categories = number_names(seen), category_names(seen)
    steps: list[tuple[str, Any, slice]] = []
    if numbers:
        imputer = SimpleImputer(strategy="median", keep_empty_features=True)
        steps.append(("numbers", imputer, slice(0, len(numbers))))
    if categories:
        known = [_known(name, seen, schema) for name in categories]
        indicators = OneHotEncoder(categories=known, handle_unknown="ignore", sparse_output=False)
        steps.append(("categories", indicators, slice(len(numbers), len(numbers) + len(categories))))
    return Pipeline([("encode", ColumnTransformer(steps)), ("model", estimator)])


def model_frame(seen: Columns) -> pl.DataFrame:
    """The features as scikit-learn sees them: float32, as in the exported model, and text."""
    numbers = {name: seen[name].astype(np.float32) for name in number_names(seen)}
    categories = {name: pl.Series(seen[name].tolist(), dtype=pl.String) for name in category_names(seen)}
    return pl.DataFrame(numbers | categories)


def _known(name: str, seen: Columns, schema: Schema) -> list[str]:
    """The schema's categories, or those of the rows for a column that features.py made; "" is missing."""
    listed = next((c.categories for c in schema.columns if c.name == name), None)
    values = set(listed if listed is not None else seen[name])
    return sorted(values | {""} if "" in seen[name] else values)

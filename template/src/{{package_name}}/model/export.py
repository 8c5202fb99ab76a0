"""The fitted model as files that hold no code: skops for Python, ONNX for the service."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np
import onnx
import skops.io
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.pipeline import Pipeline

from ..columns import category_names, number_names
from ..component import made
from ..config import Component, Config
from ..errors import DisagreementError
from ..features import features
from ..files import whole
from .contributions import typical_row
from .examples import Examples
from .judge import Judge
from .predictor import CATEGORIES, NUMBERS, SIGNATURE, Prediction, Signature

TOLERANCE = 1e-4
"""Largest difference of a probability, or of a number in standard deviations: ONNX computes in float32."""

OPERATORS = {"": 18, "ai.onnx.ml": 3}
"""The versions of ONNX's operators: the newest that the converters of all libraries write."""

TRUSTED = (
    "numpy.dtype",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.tree._tree.Tree",
)
"""Types inside scikit-learn's own models that skops does not take for harmless by itself."""


class Library(Protocol):
    """What the export has to know of estimators that are not scikit-learn's own.

    trusted  the types inside its models that skops may load
    """

    trusted: ClassVar[tuple[str, ...]]

    def register(self) -> None:
        """Teach skl2onnx to convert its models."""


def libraries(config: Config) -> list[Library]:
    """The libraries of the candidates, each made known to skl2onnx.

    Raises ConfigurationError if there is no such library.
    """
    named: list[Library] = [
        made(library, f"model.libraries.{name} is no library of estimators", "conf/model/")
        for name, library in config.model.libraries.items()
    ]
    for library in named:
        library.register()
    return named


def sign(name: str, known: Examples, judge: Judge, config: Config, *, data_hash: str) -> Signature:
    """Describe what a model trained on these rows takes and gives."""
    seen = features(known.inputs)
    is_label = known.target.dtype == object
    return Signature(
        name=name,
        trained_on=data_hash,
        table=known.schema,
        numbers=number_names(seen),
        categories=category_names(seen),
        classes=sorted(set(known.target)) if is_label else None,
        offset=judge.offset,
        windows=_without_target(config.task.windows),
        typical=typical_row(known.inputs),
    )


def _without_target(component: Component | None) -> Component | None:
    return component and {key: value for key, value in component.items() if key != "_target_"}


def save_fitted(model: Pipeline, path: Path) -> None:
    """Write the pipeline for use in Python; `load_fitted` reads it back."""
    with whole(path) as part:
        skops.io.dump(model, part)


def load_fitted(path: Path, known: Iterable[Library] = ()) -> Pipeline:
    """Read a pipeline, refusing every type that is neither harmless nor of scikit-learn or a known library.

    Raises skops.io.exceptions.UntrustedTypesFoundException for anything else.
    """
    trusted = [*TRUSTED, *(name for library in known for name in library.trusted)]
    return skops.io.load(path, trusted=trusted)


def save_served(model: Pipeline, signature: Signature, path: Path) -> None:
    """Write the pipeline as ONNX, with its signature inside."""
    blocks = []
    if signature.numbers:
        blocks.append((NUMBERS, FloatTensorType([None, len(signature.numbers)])))
    if signature.categories:
        blocks.append((CATEGORIES, StringTensorType([None, len(signature.categories)])))
    options = {id(model): {"zipmap": False}} if signature.classes else None
    converted = convert_sklearn(
        model, name=signature.name, initial_types=blocks, options=options, target_opset=OPERATORS
    )
    onnx.helper.set_model_props(converted, {SIGNATURE: signature.model_dump_json(exclude_defaults=True)})
    with whole(path) as part:
        part.write_bytes(converted.SerializeToString())


def agreement(fitted: Prediction, served: Prediction) -> dict[str, Any]:
    """Show that both models say the same of the same rows.

    Raises DisagreementError if a prediction differs by more than TOLERANCE.
    """
    if fitted.probabilities is not None and served.probabilities is not None:
        gaps = np.abs(fitted.probabilities - served.probabilities).max(axis=1)
        # Two classes that are equally likely may change places by rounding.
        tied = np.diff(np.sort(fitted.probabilities, axis=1)[:, -2:], axis=1)[:, 0] <= TOLERANCE
        differs = (gaps > TOLERANCE) | ((fitted.values != served.values) & ~tied)
    else:
        spread = float(np.std(fitted.values)) or 1.0
        gaps = np.abs(fitted.values - served.values) / spread
        differs = gaps > TOLERANCE
    if differs.any():
        raise DisagreementError(
            f"the exported model differs from the fitted one in {differs.sum()} of {len(gaps)} held-out rows, "
            f"by up to {gaps.max():.2g} (at most {TOLERANCE:g} is rounding): "
            "leave that candidate out of conf/model/, or report its export to skl2onnx"
        )
    return {"rows": len(gaps), "largest_difference": float(gaps.max()), "tolerance": TOLERANCE}

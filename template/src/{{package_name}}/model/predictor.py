"""Predictions from the exported model: what evaluation measures is what the service answers."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from ..columns import Columns, block, length
from ..features import features
from ..schema import Schema

SIGNATURE = "signature"
NUMBERS = "numbers"
CATEGORIES = "categories"


class Signature(BaseModel):
    """What has to be known to use a model, kept inside the ONNX file so that the two cannot part.

    typical  the middle of each feature in training, for `contributions`; None in a model that is older than those
    """

    name: str
    trained_on: str
    table: Schema
    numbers: list[str]
    categories: list[str]
    classes: list[str] | None = None
    offset: str | None = None
    windows: dict[str, Any] | None = None
    typical: dict[str, float | str | None] | None = None


@dataclass(frozen=True)
class Prediction:
    """What the model says of each row.

    values         labels or numbers, one per row
    classes        all labels, in the order of the probabilities' columns; empty for numbers
    probabilities  rows by classes, or None for numbers
    """

    values: NDArray[Any]
    classes: tuple[str, ...] = ()
    probabilities: NDArray[np.float64] | None = None

    @property
    def is_finite(self) -> NDArray[np.bool_]:
        """Whether the model computed finite numbers, one answer per row: it may overflow far from what it saw."""
        figures = self.values[:, None] if self.probabilities is None else self.probabilities
        return np.asarray(np.isfinite(figures).all(axis=1))


def pick(prediction: Prediction, rows: Any) -> Prediction:
    """The prediction of the given rows."""
    chances = prediction.probabilities
    return Prediction(prediction.values[rows], prediction.classes, None if chances is None else chances[rows])


class Predictor:
    """An exported model, from its file or from the content of one, ready to predict in one thread.

    Raises what `model_content` does.
    """

    def __init__(self, model: Path | str | bytes) -> None:
        import onnxruntime

        content = model if isinstance(model, bytes) else model_content(model)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        metadata = self._session.get_modelmeta().custom_metadata_map
        self.signature = Signature.model_validate_json(metadata[SIGNATURE])

    @property
    def schema(self) -> Schema:
        """The schema of the table that the model was trained on."""
        return self.signature.table

    def predict(self, columns: Columns) -> Prediction:
        """Predict every row of the columns, which may hold more than the features."""
        seen = features(columns)
        outputs = self._session.run(None, model_inputs(seen, self.signature))
        if self.signature.classes is not None:
            labels, probabilities = (
                np.asarray(outputs[0], dtype=object),
                np.asarray(outputs[1], dtype=float),
            )
            return Prediction(labels, tuple(self.signature.classes), probabilities)
        values = np.asarray(outputs[0], dtype=float).reshape(length(seen))
        if self.signature.offset is not None:
            values = values + columns[self.signature.offset]
        return Prediction(values)


def model_content(path: Path | str) -> bytes:
    """Read the file of a model.

    Raises FileNotFoundError if it has not been trained or pulled.
    """
    try:
        return Path(path).read_bytes()
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"there is no model at {path}: run `uv run poe pipeline` to train it, or `dvc pull` to fetch it"
        ) from error


def model_inputs(seen: Columns, signature: Signature) -> dict[str, NDArray[Any]]:
    """The two inputs of an exported model: a float32 block of numbers and a block of text."""
    blocks = {
        NUMBERS: (signature.numbers, np.float32),
        CATEGORIES: (signature.categories, object),
    }
    return {name: block(seen, names, dtype) for name, (names, dtype) in blocks.items() if names}

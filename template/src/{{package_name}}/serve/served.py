"""The model that is served."""

import os
from pathlib import Path

from .. import paths
from ..errors import ModelError
from ..model.predictor import Predictor


def served_path() -> Path:
    """Where the model lies: at MODEL_PATH, or where the pipeline leaves it."""
    return Path(os.environ.get("MODEL_PATH") or paths.SERVED_MODEL)


def served_model() -> Predictor:
    """Load the model.

    Raises FileNotFoundError if there is none, ModelError if the file is something else.
    """
    path = served_path()
    try:
        return Predictor(path)
    except FileNotFoundError:
        raise
    except Exception as error:
        raise ModelError(
            f"{path} is not a model of this project ({type(error).__name__}: {error}): "
            "train it anew with `uv run poe pipeline`, or set MODEL_PATH to another file"
        ) from error

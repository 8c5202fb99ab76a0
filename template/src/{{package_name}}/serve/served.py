"""The model that is served."""

import os
from hashlib import sha256
from pathlib import Path

from .. import paths
from ..errors import ModelError
from ..model.predictor import Predictor, model_content


def served_path() -> Path:
    """Where the model lies: at MODEL_PATH, or where the pipeline leaves it."""
    return Path(os.environ.get("MODEL_PATH") or paths.SERVED_MODEL)


def checksum_path(path: Path) -> Path:
    """Where a file may lie that tells what the model must be, as sha256sum writes it."""
    return path.with_name(f"{path.name}.sha256")


def served_model(path: Path) -> tuple[Predictor, str]:
    """Load a model; return it with the SHA-256 of the very bytes that it was made from.

    Raises FileNotFoundError if there is none, ModelError if the file is something else, or not what a checksum
           beside it tells.
    """
    try:
        content = model_content(path)
        found = sha256(content).hexdigest()
        _check(found, path)
        return Predictor(content), found
    except (FileNotFoundError, ModelError):
        raise
    except Exception as error:
        raise ModelError(
            f"{path} is not a model of this project ({type(error).__name__}: {error}): "
            "train it anew with `uv run poe pipeline`, or set MODEL_PATH to another file"
        ) from error


def _check(found: str, path: Path) -> None:
    checksum = checksum_path(path)
    if checksum.exists() and checksum.read_bytes().lower().split()[:1] != [found.encode()]:
        raise ModelError(f"{path} is not the file that {checksum.name} tells of: copy both again")

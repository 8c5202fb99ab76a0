"""The model that answers requests, and its exchange for another while they are answered."""

import logging
from dataclasses import dataclass
from pathlib import Path

from ..errors import ModelError
from ..files import state_of
from ..model.predictor import Predictor, Signature
from .contract import Contract, contract
from .served import checksum_path, served_model

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Champion:
    """A model that has answered its own example, and how it is asked."""

    predictor: Predictor
    contract: Contract
    hash: str
    """SHA-256 of its file."""
    written: float
    """When its file was written, in seconds since 1970."""

    @property
    def signature(self) -> Signature:
        """What has to be known to use the model."""
        return self.predictor.signature

    @property
    def about(self) -> dict[str, str]:
        """Which model an answer comes from."""
        return {"model": self.signature.name, "trained_on": self.signature.trained_on}


def load(path: Path) -> Champion:
    """Load a model and have it answer its own example.

    Raises FileNotFoundError if there is none, ModelError if it is not a model of this project, is not what its checksum
           tells, or cannot answer.
    """
    predictor, found = served_model(path)
    try:
        agreed = contract(predictor.signature)
        example = agreed.request_model.model_validate(agreed.example)
        answers = predictor.predict(agreed.to_columns(example)).is_finite.all()
    except Exception as error:
        raise ModelError(f"{path} cannot answer its own example ({type(error).__name__}: {error})") from error
    if not answers:
        raise ModelError(f"{path} computes no finite number for its own example")
    return Champion(predictor, agreed, found, path.stat().st_mtime)


class Place:
    """The file that a service takes its model from, and the last good model that was there.

    Raises what `load` does, if there is no good model to begin with.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = model_state(path)
        self.champion = load(path)
        self.refused: str | None = None
        """Why the file that is there now does not answer, if it does not."""

    def look(self) -> None:
        """Take over the model if the file is another one and good; of a bad one, keep the reason.

        A file is read again only after it, or its checksum, has changed.
        """
        # Before reading: what is written meanwhile is then seen by the next look.
        state = model_state(self._path)
        if state == self._seen:
            return
        self._seen = state
        try:
            found = load(self._path)
            _check_exchangeable(found, self.champion)
        except (OSError, ModelError) as error:
            self.refused = str(error)
            _log.error("model refused: %s", error)
            return
        self.refused = None
        if found.hash != self.champion.hash:
            self.champion = found
            _log.info("model changed: %s", found.hash)


def _check_exchangeable(new: Champion, old: Champion) -> None:
    """Raise ModelError if clients would have to ask, or to read the answers, otherwise."""
    if _interface(new) != _interface(old):
        raise ModelError(
            "the new model has other columns, classes or periods than the one that is served, so clients would have "
            "to ask otherwise: start the service anew with it"
        )


def _interface(champion: Champion) -> tuple[object, ...]:
    signature = champion.signature
    target = signature.table.target
    return (
        {column.name: column.type for column in champion.contract.columns},
        (target.name, target.type),
        signature.classes,
        signature.windows,
    )


def model_state(path: Path) -> tuple[object, ...]:
    """What changes when a file, or the checksum beside it, is replaced or written to."""
    return state_of(path), state_of(checksum_path(path))

"""What a registry of models does, whichever it is."""

from collections.abc import Collection
from pathlib import Path
from typing import Protocol

from ..component import made
from ..config import Config, TrackingConfig
from .history import Decision, Facts, History, Version


class Registry(Protocol):
    """Where versions of the model are kept: a class for each kind, which conf/tracking/ names.

    files      what it writes in the repository itself
    next_step  what a person does so that a decision holds for everybody; empty if nothing
    """

    files: Collection[str]
    next_step: str

    def history(self) -> History:
        """Everything that was registered and decided."""

    def add(self, config: Config, facts: Facts) -> int:
        """Register the pipeline's model as the newest version; return its number."""

    def record(self, decision: Decision, version: Version) -> None:
        """Remember a decision about a version, and let it hold."""

    def fetch(self, version: Version, to: Path) -> None:
        """Write the model of a version to a file, byte for byte as it was registered."""


def configured(tracking: TrackingConfig) -> Registry:
    """The registry that the configuration names.

    Raises ConfigurationError if there is no such registry, or it does not know one of its settings.
    """
    registry: Registry = made(
        tracking.registry, "tracking.registry is no registry of models", "conf/tracking/"
    )
    return registry

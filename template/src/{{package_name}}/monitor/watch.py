"""What the service has stored, watched; a project without a service has nothing of the kind."""

from pathlib import Path
from typing import Protocol

from ..component import made
from ..config import Config
from ..errors import ConfigurationError

LONGEST = 3660
"""Days: ten years."""


class Watched(Protocol):
    """What was found; printed, it is what a person needs to know."""

    @property
    def alarms(self) -> list[str]:
        """What somebody should look at, a sentence each."""


class Watcher(Protocol):
    """What watches: a class that conf/served.yaml names."""

    def watch(self, config: Config, days: float | None) -> Watched:
        """Look at the last days, or at as many as the configuration says."""

    def export(self, config: Config, file: Path, days: float | None) -> str:
        """Write what was predicted and has an outcome to a file, to be learned from; tell what was written."""


def watch(config: Config, days: float | None) -> Watched:
    """Watch what the service stored.

    Raises ConfigurationError if this project has no service, or there are no such days.
    """
    without = "name a file of new rows, as in `uv run poe monitor data/raw/new.csv`"
    return _watcher(config, days, without).watch(config, days)


def export(config: Config, file: Path, days: float | None) -> str:
    """Write what the service predicted and what really came out to a file, in the form of the source.

    Raises ConfigurationError if this project has no service, or there are no such days.
    """
    return _watcher(config, days, "put rows with a target into a file yourself").export(config, file, days)


def _watcher(config: Config, days: float | None, without: str) -> Watcher:
    if days is not None and not 0 < days <= LONGEST:
        raise ConfigurationError(f"--days {days:g} is not possible: give more than 0, and at most {LONGEST}")
    if config.served is None:
        raise ConfigurationError(f"this project has no service whose predictions are stored: {without}")
    watcher: Watcher = made(config.served, "served names nothing that watches", "conf/served.yaml")
    return watcher

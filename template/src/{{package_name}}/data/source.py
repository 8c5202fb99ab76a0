"""Where the rows come from, whatever kind of source it is; what reads them is in rows.py.

Every run of the pipeline asks for the fingerprint, so nothing here waits for the import of Polars.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from .. import paths
from ..component import made
from ..config import Config, DataConfig
from ..errors import DataError
from ..files import content_hash, matching, write_json
from .versioned import missing_tables

if TYPE_CHECKING:
    import polars as pl


class Source(Protocol):
    """Where rows come from: a class for each kind of source, which conf/data/ names."""

    def fetch(self) -> None:
        """Bring rows that lie elsewhere to this machine, if they changed since the last time."""

    def fingerprint(self) -> dict[str, str]:
        """What tells the fetched rows from any others."""

    def read(self) -> "pl.LazyFrame":
        """Open the fetched rows without loading them."""


def fingerprint(config: Config) -> None:
    """Fetch the rows and record which ones they are, so that DVC reruns what depends on them.

    Writes  data/source.json: the name of the source and the SHA-256 of its content, and of each file beside it.
    Raises  DataError if the source cannot be read.
    """
    fetch(config.data)
    write_json(paths.SOURCE, fingerprints(config.data))


def fingerprints(data: DataConfig) -> dict[str, str]:
    """What tells the rows from any others: those of the source, and those of each file beside it.

    Raises DataError if a file is missing.
    """
    return configured(data).fingerprint() | {path.as_posix(): content_hash(path) for path in more_files(data)}


def more_files(data: DataConfig) -> list[Path]:
    """The files of `data.more`; a pattern that matches none yet is no mistake.

    Raises DataError if a file is missing that is named outright, or that DVC keeps, or it lies on another machine.
    """
    if data.more is None:
        return []
    if "://" in data.more:
        raise DataError(
            f"data.more is {data.more}, and only files on this machine can follow the rows of the source: bring them "
            "here, such as by `uv run dvc import-url`, and name them there"
        )
    if any(mark in data.more for mark in "*?["):
        if missing := missing_tables(data.more):
            raise DataError(
                f"{missing[0]} is not here, though DVC keeps it and data.more in conf/data/ means it ({data.more}): "
                "`uv run dvc pull` brings it"
            )
        return matching(data.more)
    path = Path(data.more)
    if not path.is_file():
        raise DataError(
            f"there is no file {path}, and data.more names it: `uv run dvc pull` may bring it, or set data.more in "
            "conf/data/ to null"
        )
    return [path]


def fetch(data: DataConfig) -> None:
    """Bring the rows of the configured source to this machine, if they lie elsewhere.

    Raises DataError if the source cannot be read.
    """
    configured(data).fetch()


def configured(data: DataConfig) -> Source:
    """The source that the configuration names.

    Raises ConfigurationError if there is no such source, or it does not know one of its settings.
    """
    source: Source = made(data.source, "data.source is no source of rows", "conf/data/", data)
    return source

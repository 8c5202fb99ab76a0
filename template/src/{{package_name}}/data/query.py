"""The answer to a query as a source of rows, whichever database gives it."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from ..config import DataConfig
from ..errors import DataError
from .answer_file import write_answer
from .local_copy import LocalCopy, known, renewed

ROWS_AT_ONCE = 20_000
"""Rows that are held as Python's objects at a time."""


class Answer(NamedTuple):
    """The columns' names, and the rows in batches, in the order of the names."""

    names: list[str]
    batches: Iterable[Sequence[Sequence[Any]]]


class Query(ABC):
    """The source that is the answer to the query in data.path.

    The answer is streamed into a local copy: memory does not grow with the number of rows.

    changed  a query whose answer changes whenever the rows do, and which costs less than reading them all
    """

    def __init__(self, data: DataConfig, changed: str | None) -> None:
        self.path = Path(data.path)
        self.changed = changed

    @property
    @abstractmethod
    def place(self) -> str:
        """What tells this database from others, as messages may name it: no secret is part of it."""

    @abstractmethod
    def ask(self, query: str, name: str) -> AbstractContextManager[Answer]:
        """Ask the database, and close it when the answer was read.

        name  what messages call the query
        Raises DataError if there is no answer, or it breaks off.
        """

    def fetch(self) -> None:
        """Copy the answer to this machine, unless `changed` says that the copy is as good."""
        self._renewed()

    def fingerprint(self) -> dict[str, str]:
        """The path of the query and the SHA-256 of the answer."""
        return {"path": self.path.as_posix(), "sha256": self._copied().sha256}

    def read(self) -> pl.LazyFrame:
        """Open the copy."""
        return pl.scan_parquet(self._copied().path)

    def _copied(self) -> LocalCopy:
        return known(self._source()) or self._renewed()

    def _renewed(self) -> LocalCopy:
        return renewed(self._source(), self._version(), ".parquet", self._write)

    def _source(self) -> str:
        return f"{self.place}\n{self._text()}"

    def _version(self) -> str | None:
        if self.changed is None:
            return None
        with self.ask(self.changed, "data.source.changed") as answer:
            return repr([tuple(row) for batch in answer.batches for row in batch])

    def _write(self, part: Path) -> None:
        with self.ask(self._text(), str(self.path)) as answer:
            write_answer(answer.names, answer.batches, part, str(self.path))

    def _text(self) -> str:
        try:
            text = self.path.read_text(encoding="utf-8").strip().rstrip(";")
        except FileNotFoundError:
            raise DataError(
                f"there is no file {self.path}: write the query into it, or set data.path in conf/data/"
            ) from None
        if not text:
            raise DataError(f"{self.path} is empty: write the query into it that gives the rows")
        return text

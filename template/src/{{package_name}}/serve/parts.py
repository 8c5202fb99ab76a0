"""What an unfinished run has done so far, kept in a folder beside its output."""

import shutil
from pathlib import Path

import polars as pl
from pydantic import BaseModel

from ..files import read_json, whole, write_json
from .manifest import Run


class Part(BaseModel):
    """A piece of the input that is done."""

    rows: int
    refused: int
    seconds: float


class Parts:
    """The pieces of a run, in their order; those that another run left behind are dropped."""

    def __init__(self, output: Path, run: Run) -> None:
        self._folder = output.with_name(f".{output.name}.parts")
        description = self._folder / "run.json"
        if not description.exists() or read_json(description) != run.model_dump():
            self.remove()
            write_json(description, run.model_dump())
        self._done: list[Part] = []
        while (told := self._file("json")).exists():
            self._done.append(Part.model_validate(read_json(told)))

    def add(self, result: pl.DataFrame, refused: pl.DataFrame, rows: int, seconds: float) -> None:
        """Keep a piece: it counts once its description is written, which comes last."""
        for kind, table in (("result", result), ("refused", refused)):
            with whole(self._file(f"{kind}.parquet")) as file:
                table.write_parquet(file)
        part = Part(rows=rows, refused=refused["row"].n_unique(), seconds=seconds)
        write_json(self._file("json"), part.model_dump())
        self._done.append(part)

    @property
    def rows(self) -> int:
        """How many rows of the input are done."""
        return sum(part.rows for part in self._done)

    @property
    def refused_rows(self) -> int:
        """How many of them broke a rule."""
        return sum(part.refused for part in self._done)

    @property
    def seconds(self) -> float:
        """How long they took, interruptions apart."""
        return sum(part.seconds for part in self._done)

    def results(self) -> pl.LazyFrame:
        """What all rows gave, in their order."""
        return pl.scan_parquet([self._file("result.parquet", n) for n in range(len(self._done))])

    def refused(self) -> pl.LazyFrame:
        """Every rule that a row broke, in the order of the rows."""
        return pl.scan_parquet([self._file("refused.parquet", n) for n in range(len(self._done))])

    def remove(self) -> None:
        """Forget everything."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _file(self, kind: str, number: int | None = None) -> Path:
        """A file of a piece; without a number, of the next one."""
        return self._folder / f"{len(self._done) if number is None else number:06}.{kind}"

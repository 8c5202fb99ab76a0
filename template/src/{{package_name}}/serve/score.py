"""A file of rows predicted from end to end, in memory that does not grow with it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol

import polars as pl

from ..compute.compute import configured
from ..config import Config
from ..data.rows import collect, read
from ..data.validate import quoted
from ..errors import ConfigurationError, DataError, ModelError, SchemaError
from ..files import content_hash, whole, write_json
from ..model.predictor import Predictor
from ..schema import Column
from .manifest import (
    Manifest,
    Refusals,
    Run,
    code_hash,
    code_version,
    library_versions,
    manifest_path,
    refused_path,
)
from .parts import Parts
from .progress import Progress
from .served import served_model, served_path

ROWS_AT_ONCE = 100_000
"""More need more memory, and are faster only where very many rows of a CSV file have to be skipped."""


class Scorer(Protocol):
    """How rows become predictions: the part that depends on the kind of task."""

    @property
    def columns(self) -> list[Column]:
        """The columns that the model asks for."""

    def check_names(self, present: list[str]) -> None:
        """Raise DataError if the predictions cannot stand beside columns of these names."""

    def part(self, batch: pl.DataFrame, decimal: str, first: int) -> tuple[pl.DataFrame, pl.DataFrame]:
        """What some rows give, and those of them that are refused; `first` is the number of the first row."""

    def result(self, parts: pl.LazyFrame, source: str) -> pl.LazyFrame:
        """The predictions, from what all rows gave; DataError if there can be none."""

    def example(self) -> list[dict[str, Any]]:
        """Rows that the model answers, dates in the form of ISO 8601."""


def score(config: Config, source: Path, output: Path, at_once: int = ROWS_AT_ONCE) -> Manifest:
    """Predict every row of a file, but for those that break the schema: they are listed with the rule.

    An interrupted run leaves what it has done beside the output, and the next one goes on after that, as long
    as input, model, code and form are the same. The manifest is written last: what has one is whole.

    Reads   the file, in the form that conf/data/ says; the model.
    Writes  the output, and beside it <output>.refused.csv and <output>.manifest.json.
    Raises  DataError if the file cannot be read, or nothing can be predicted from it; SchemaError if it lacks
            a column; ConfigurationError if the predictions cannot be written there; ModelError if the model
            is none, or is replaced as the run begins.
    """
    check_request(source, output, at_once)
    predictor, model_hash = served_model(served_path())
    scorer = configured_scorer(predictor)
    rows = read(config.data, source)
    check_columns(rows, scorer, source)
    run = Run(
        input=str(source),
        input_sha256=content_hash(source),
        form=config.data.model_dump(include={"separator", "decimal", "encoding", "missing"}),
        model=predictor.signature.name,
        model_sha256=model_hash,
        trained_on=predictor.signature.trained_on,
        code=code_version(),
        code_sha256=code_hash(),
        libraries=library_versions(),
    )
    parts = Parts(output, run)
    with configured(config.compute) as compute, compute.reach(rows, str(source)) as within_reach:
        total = count(within_reach, source)
        progress = Progress(parts.rows, total)
        model = served_path().resolve()
        work = Work(within_reach, str(source), config.data.decimal, model, model_hash, at_once)
        start = perf_counter()
        for piece in compute.spread(scored, work)(range(parts.rows, total, at_once)):
            parts.add(*piece, perf_counter() - start)
            progress.show(parts.rows)
            start = perf_counter()
    return finish(run, parts, scorer, output)


def finish(run: Run, parts: Parts, scorer: Scorer, output: Path) -> Manifest:
    """Write what the parts make together, and the manifest when all of it is there."""
    manifest_path(output).unlink(missing_ok=True)
    write_table(parts.refused(), refused_path(output))
    predictions = scorer.result(parts.results(), run.input)
    write_table(predictions, output)
    manifest = Manifest(
        **run.model_dump(),
        output_sha256=content_hash(output),
        rows=parts.rows,
        refused=parts.refused_rows,
        broken_rules=broken_rules(parts),
        predictions=predictions.select(pl.len()).collect().item(),
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=round(parts.seconds, 3),
    )
    write_json(manifest_path(output), manifest.model_dump())
    parts.remove()
    return manifest


def write_example(output: Path) -> None:
    """Write a table that the model answers, to show its form.

    Raises ConfigurationError if its name does not end in .parquet, in which values keep their types.
    """
    if output.suffix != ".parquet":
        raise ConfigurationError(f"{output} is no name of an example: end it in .parquet")
    scorer = configured_scorer(served_model(served_path())[0])
    dates = [column.name for column in scorer.columns if column.type == "date"]
    with whole(output) as part:
        pl.DataFrame(scorer.example()).with_columns(pl.col(dates).str.to_datetime()).write_parquet(part)


def configured_scorer(predictor: Predictor) -> Scorer:
    """Find the scorer of a model: one of rows, unless the model reads windows of history."""
    module = "by_row" if predictor.signature.windows is None else "ahead"
    made: Scorer = import_module(f".{module}", __package__).scorer(predictor)
    return made


def check_request(source: Path, output: Path, at_once: int) -> None:
    """Raise ConfigurationError if the predictions cannot be written there."""
    if output.suffix not in (".csv", ".parquet"):
        raise ConfigurationError(
            f"{output} is of a kind that is not written here ('{output.suffix}'): end its name in .csv or .parquet"
        )
    if output.is_dir():
        raise ConfigurationError(f"{output} is a folder: name a file for the predictions")
    if output.resolve() == source.resolve():
        raise ConfigurationError(f"{output} is the input itself: name another file for the predictions")
    if at_once < 1:
        raise ConfigurationError(f"{at_once} rows at once predict nothing: give at least 1")


def check_columns(rows: pl.LazyFrame, scorer: Scorer, source: Path) -> None:
    """Raise SchemaError if the file lacks a column, DataError if one is called as the predictions are."""
    present = rows.collect_schema().names()
    lacking = [column.name for column in scorer.columns if column.name not in present]
    if lacking:
        raise SchemaError(
            f"{source} lacks {quoted(lacking)}, which the model asks for; it has {quoted(present)}: "
            "mend the file, or check data.separator in conf/data/"
        )
    scorer.check_names(present)


def count(rows: pl.LazyFrame, source: Path) -> int:
    """How many rows there are; DataError if there are none."""
    total: int = collect(rows.select(pl.len()), str(source)).item()
    if total == 0:
        raise DataError(f"{source} has a header and no rows: give a file with rows to predict")
    return total


@dataclass(frozen=True)
class Work:
    """What all pieces have in common, wherever they are predicted."""

    rows: pl.LazyFrame
    source: str
    decimal: str
    model: Path
    model_sha256: str
    at_once: int

    @cached_property
    def scorer(self) -> Scorer:
        """The scorer, made where and when it is first needed.

        Raises ModelError if the file holds another model by then, which the manifest would not tell.
        """
        predictor, found = served_model(self.model)
        if found != self.model_sha256:
            raise ModelError(f"{self.model} was replaced while the run began: run it again")
        return configured_scorer(predictor)


def scored(work: Work, first: int) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    """What the piece gives that begins with row `first` (0 is the very first), what is refused, how many rows it has.

    Each piece is read for itself: Polars skips what is before it quickly, and as a stream it reads far ahead.
    Raises DataError if the file is broken there.
    """
    batch = collect(work.rows.slice(first, work.at_once), work.source)
    result, refused = work.scorer.part(batch, work.decimal, first + 1)
    return result, refused, len(batch)


def write_table(rows: pl.LazyFrame, output: Path) -> None:
    """Write a file in the form of its name, all of it or nothing."""
    with whole(output) as part:
        if output.suffix == ".csv":
            rows.sink_csv(part)
        else:
            rows.sink_parquet(part)


def broken_rules(parts: Parts) -> list[Refusals]:
    """How many rows broke each rule, the most frequent first."""
    counted = parts.refused().group_by("column", "rule").agg(pl.len().alias("rows"))
    ordered = counted.sort("rows", "column", "rule", descending=[True, False, False])
    return [Refusals(**row) for row in ordered.collect(engine="streaming").to_dicts()]

"""The stage that turns the source into a validated training and test table."""

from functools import partial

import polars as pl

from .. import paths
from ..columns import Columns, from_frame, take
from ..component import made
from ..compute.compute import configured
from ..config import Config
from ..errors import ConfigurationError, DataError
from ..files import content_hash, whole, write_json, write_text
from ..schema import Schema
from .framing import configured_framing
from .rows import read
from .schema_file import read_schema
from .split import Mask, Split
from .table import typed
from .target import target_of
from .validate import check, check_names


def prepare(config: Config) -> None:
    """Read the rows, hold them against the schema, set the test rows apart.

    Reads   the source that data.path names, and conf/schema.yaml.
    Writes  data/train.parquet and data/test.parquet: one row per example, with the schema's used columns;
            data/schema.json; reports/data.json.
    Raises  DataError if the source cannot be read or learned from; SchemaError if rows break a rule;
            ConfigurationError if task.windows cuts no series, or task.split leaves one side empty.
    """
    framing = configured_framing(config)
    schema = read_schema(paths.SCHEMA, config.data.target)
    raw = read(config.data)
    check_names(raw, schema, config.data.path)
    used = raw.select(column.name for column in schema.used)
    with configured(config.compute) as compute, compute.reach(used, "the data") as rows:
        check(rows, schema, config.data.path, config.data.decimal, compute)
        table = pl.concat(compute.over(rows, partial(table_of, schema, config.data.decimal)), rechunk=True)
    labelled = table.filter(pl.col(schema.target.name).is_not_null())
    check_enough(labelled, schema, config)
    examples = from_frame(labelled)
    if framing is not None:
        examples, schema = framing.frame(examples, schema)
        labelled = pl.DataFrame(examples)
    held_out = set_apart(examples, schema, config)
    kept = ~held_out if framing is None else framing.learnable(examples, held_out)
    write_split(labelled.filter(pl.Series(kept)), labelled.filter(pl.Series(held_out)), schema)
    facts = {
        "source": config.data.path,
        "sha256": content_hash(paths.TRAIN),
        "rows": len(table),
        "rows_without_target": table[config.data.target].null_count(),
        "equal_rows": len(labelled) - labelled.n_unique(),
        "train_rows": int(kept.sum()),
        "test_rows": int(held_out.sum()),
    }
    known = framing.facts(take(examples, kept), config.data.target) if framing is not None else {}
    write_json(paths.DATA_REPORT, facts | known)


def table_of(schema: Schema, decimal: str, rows: pl.LazyFrame, _before: int) -> pl.DataFrame:
    """The typed table of some rows."""
    return typed(rows, schema, decimal).collect(engine="streaming")


def set_apart(examples: Columns, schema: Schema, config: Config) -> Mask:
    """Which examples are held out for the test.

    Raises ConfigurationError if there is no such split, or it leaves one side empty.
    """
    split: Split = made(
        config.task.split, "task.split names no function of data/split.py", "conf/task/", _partial_=True
    )
    held_out = split(examples, schema, config.seed)
    if not 0 < held_out.sum() < len(held_out):
        raise ConfigurationError(
            f"task.split holds out {held_out.sum()} of {len(held_out)} rows, and both training and test need some: "
            "change test_size, or choose another split in conf/task/"
        )
    return held_out


def check_enough(table: pl.DataFrame, schema: Schema, config: Config) -> None:
    """Raise DataError if there is too little to learn from and to test."""
    target = schema.target.name
    if config.task.windows is None and not schema.features:
        raise DataError(
            f"{paths.SCHEMA} gives no column the role feature, so there is nothing to predict from: "
            "bring columns that vary, or change the role of one that is ignored"
        )
    if len(table) < config.data.minimum_rows:
        raise DataError(
            f"{config.data.path} has {len(table)} rows with a value in '{target}', and at least "
            f"{config.data.minimum_rows} are needed: bring more, or lower data.minimum_rows"
        )
    target_of(config.task).check(table[target], config.folds)


def write_split(train: pl.DataFrame, test: pl.DataFrame, schema: Schema) -> None:
    """Write both tables and the schema that they fulfil."""
    for path, table in ((paths.TRAIN, train), (paths.TEST, test)):
        with whole(path) as part:
            table.write_parquet(part)
    write_text(paths.CHECKED_SCHEMA, schema.model_dump_json(indent=2, exclude_defaults=True) + "\n")

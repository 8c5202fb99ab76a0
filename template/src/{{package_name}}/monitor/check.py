"""New rows held against the training data: read both sides, judge, write the verdict and its page."""

from pathlib import Path

import numpy as np
import polars as pl

from .. import paths
from ..columns import from_frame
from ..config import Config, DataConfig
from ..data.source import read
from ..data.table import typed
from ..data.validate import check_names, violations
from ..errors import DataError
from ..files import content_hash, write_json, write_text
from ..model.predictor import Predictor
from ..schema import Schema, Type
from .judge import Quantity, judge
from .page import page
from .verdict import BrokenRule, Verdict

ROWS_AT_ONCE = 50_000
"""Rows that the model predicts in one go: memory stays small, and the overhead of a call vanishes."""


def check(config: Config, file: Path) -> Verdict:
    """Compare a file of new rows with the training data.

    The columns compared are the features, and the target if the file has it. Predictions for the new
    rows are compared with those for the test rows, from which the model has not learned.

    Reads   data/train.parquet, data/test.parquet, data/schema.json, models/model.onnx if it exists.
    Writes  reports/drift.json, reports/drift.html.
    Raises  DataError if the file cannot be read or has too few rows; SchemaError if it lacks a column.
    """
    schema, new, quality = read_new(config.data, file)
    reference = read_reference(paths.TRAIN, schema)
    for name, table in ((str(file), new), (str(paths.TRAIN), reference)):
        check_enough(table, name, config.monitor.minimum_rows)
    quantities = [
        Quantity(
            column.name,
            "target" if column.role == "target" else "feature",
            column.type,
            reference[column.name],
            new[column.name],
        )
        for column in schema.used
        if column.name in new.columns
    ]
    predicted = predictions(schema, new, config.monitor.minimum_rows)
    verdict = judge(quantities, predicted, config.monitor, str(file), quality)
    write_json(paths.DRIFT_VERDICT, verdict.model_dump(mode="json"))
    write_text(paths.DRIFT_PAGE, page(verdict))
    return verdict


def read_new(data: DataConfig, file: Path) -> tuple[Schema, pl.DataFrame, list[BrokenRule]]:
    """Read the new rows; give the schema of what is compared, the typed rows, the rules that they break."""
    whole = read_schema()
    # Columns that are neither feature nor target may be absent: the model does not need them.
    schema = Schema(columns=[*whole.features, whole.target])
    raw = read(data, file)
    unlabelled = whole.target.name not in raw.collect_schema().names()
    if unlabelled:
        raw = raw.with_columns(pl.lit(None, dtype=pl.String).alias(whole.target.name))
    check_names(raw, schema, str(file))
    quality = [
        BrokenRule(column=broken.column, rule=broken.rule, rows=broken.rows, examples=broken.examples)
        for broken in violations(raw, schema, data.decimal)
    ]
    table = typed(raw, schema, data.decimal).collect(engine="streaming")
    return schema, table.drop(whole.target.name) if unlabelled else table, quality


def read_schema() -> Schema:
    """Read the schema that the training data fulfils.

    Raises DataError if the pipeline has not run.
    """
    for path in (paths.CHECKED_SCHEMA, paths.TRAIN, paths.TEST):
        if not path.exists():
            raise DataError(
                f"{path} is missing, and new rows are compared with it: "
                "run `uv run poe pipeline` to make it, or `dvc pull` to fetch it"
            )
    return Schema.model_validate_json(paths.CHECKED_SCHEMA.read_text(encoding="utf-8"))


def read_reference(path: Path, schema: Schema) -> pl.DataFrame:
    """Read the columns that are compared from one of the tables in data/."""
    return pl.read_parquet(path, columns=[column.name for column in schema.used])


def check_enough(table: pl.DataFrame, name: str, least: int) -> None:
    """Raise DataError if there is nothing to compare, or too few rows to tell drift from chance."""
    if not table.columns:
        raise DataError(f"{name} has no column to compare: give it the target, or the schema a feature")
    if len(table) < least:
        raise DataError(
            f"{name} has {len(table)} rows, and at least {least} are needed to tell drift from chance: "
            "gather more, or lower minimum_rows in conf/monitor/builtin.yaml"
        )


def predictions(schema: Schema, new: pl.DataFrame, least: int) -> Quantity | None:
    """Predict the new rows and the test rows; None without a model of rows, or with too few test rows.

    Raises DataError if the model was trained on other rows than those in data/.
    """
    if not paths.SERVED_MODEL.exists():
        return None
    predictor = Predictor(paths.SERVED_MODEL)
    if predictor.signature.windows is not None:
        return None
    if predictor.signature.trained_on != content_hash(paths.TRAIN):
        raise DataError(
            f"{paths.SERVED_MODEL} was trained on other rows than {paths.TRAIN} holds: "
            "run `uv run poe pipeline`, or `dvc pull` to fetch what belongs together"
        )
    test = read_reference(paths.TEST, schema)
    if len(test) < least:
        return None
    kind: Type = "number" if predictor.signature.classes is None else "category"
    name = f"predicted {schema.target.name}"
    return Quantity(name, "prediction", kind, _predicted(predictor, test), _predicted(predictor, new))


def _predicted(predictor: Predictor, table: pl.DataFrame) -> pl.Series:
    parts = [predictor.predict(from_frame(part)).values for part in table.iter_slices(ROWS_AT_ONCE)]
    values = np.concatenate(parts)
    if values.dtype == object:
        return pl.Series(values.tolist())
    # Where the model overflows, it has no prediction.
    return pl.Series(np.where(np.isfinite(values), values, np.nan)).fill_nan(None)

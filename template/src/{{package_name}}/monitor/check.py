"""New rows held against the training data: read both sides, judge, write the verdict and its page."""

from pathlib import Path
from typing import Protocol

import numpy as np
import polars as pl

from .. import paths
from ..columns import from_frame
from ..component import made
from ..config import Config, MonitorConfig
from ..data.framing import configured_framing
from ..data.rows import read
from ..data.table import typed
from ..data.validate import check_names, violations
from ..errors import DataError
from ..files import content_hash, write_json, write_text
from ..model.predictor import Predictor
from ..schema import Column, Schema, Type
from .quantity import Quantity, Sides
from .verdict import BrokenRule, Verdict

ROWS_AT_ONCE = 50_000
"""Rows that the model predicts in one go: memory stays small, and the overhead of a call vanishes."""


class DriftReport(Protocol):
    """How the two sides are compared and shown: a class for each kind, which conf/monitor/ names."""

    def compare(self, sides: Sides) -> tuple[Verdict, str]:
        """What drifted, and a page about it."""


def check(config: Config, file: Path) -> Verdict:
    """Compare a file of new rows with the training data.

    The columns compared are the features, and the target if the file has it. Of a series, the features
    of its windows are compared, which are relative to its level: growth alone is no drift. Predictions
    for the new rows are compared with those for the test rows, from which the model has not learned.

    Reads   data/train.parquet, data/test.parquet, data/schema.json, models/model.onnx if it exists.
    Writes  reports/drift.json, reports/drift.html.
    Raises  DataError if the file cannot be read or has too few rows; SchemaError if it lacks a column.
    """
    report = configured_report(config.monitor)
    schema = read_schema(config)
    new, quality = read_new(config, file, schema)
    reference = pl.read_parquet(paths.TRAIN)
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
        for column in schema.columns
        if column in schema.features or is_target_compared(column, schema, new)
    ]
    predictions_of_both = predictions(schema, new, config.monitor.minimum_rows)
    return write_drift(*report.compare(Sides(str(file), quantities, predictions_of_both, quality)))


def configured_report(monitor: MonitorConfig) -> DriftReport:
    """The report that the configuration names.

    Raises ConfigurationError if there is none of that name, or it does not know one of its settings.
    """
    report: DriftReport = made(monitor.report, "monitor.report is no report of drift", "conf/monitor/")
    return report


def write_drift(verdict: Verdict, page: str) -> Verdict:
    """Write a verdict on drift, and its page."""
    write_json(paths.DRIFT_VERDICT, verdict.model_dump(mode="json"))
    write_text(paths.DRIFT_PAGE, page)
    return verdict


def read_schema(config: Config) -> Schema:
    """Read the schema that the training data fulfils.

    Raises DataError if the pipeline has not run, or ran when conf/task/ named another task.
    """
    for path in (paths.CHECKED_SCHEMA, paths.TRAIN, paths.TEST):
        if not path.exists():
            raise DataError(
                f"{path} is missing, and new rows are compared with it: "
                "run `uv run poe pipeline` to make it, or `dvc pull` to fetch it"
            )
    schema = Schema.from_file(paths.CHECKED_SCHEMA)
    if (schema.source is None) != (config.task.windows is None):
        raise DataError(
            f"{paths.CHECKED_SCHEMA} is of another task than conf/task/ names: run `uv run poe pipeline`"
        )
    return schema


def read_new(config: Config, file: Path, schema: Schema) -> tuple[pl.DataFrame, list[BrokenRule]]:
    """Read the new rows in the form of the training data, and the rules that they break."""
    rows = needed(schema.source or schema, has_windows=schema.source is not None)
    raw = read(config.data, file)
    target = rows.target.name
    is_unlabelled = schema.source is None and target not in raw.collect_schema().names()
    if is_unlabelled:
        raw = raw.with_columns(pl.lit(None, dtype=pl.String).alias(target))
    check_names(raw, rows, str(file))
    quality = [
        BrokenRule(column=broken.column, rule=broken.rule, rows=broken.rows, examples=broken.examples)
        for broken in violations(raw, rows, config.data.decimal)
    ]
    table = typed(raw, rows, config.data.decimal).collect(engine="streaming")
    framing = configured_framing(config)
    if framing is not None:
        check_enough(table, str(file), config.monitor.minimum_rows)
        return pl.DataFrame(framing.frame(from_frame(table), rows)[0]), quality
    return table.drop(target) if is_unlabelled else table, quality


def needed(schema: Schema, *, has_windows: bool) -> Schema:
    """The part of the schema without which nothing can be compared; other columns may be absent."""
    roles = ("feature", "target", "time") if has_windows else ("feature", "target")
    return Schema(columns=[column for column in schema.columns if column.role in roles])


def is_target_compared(column: Column, schema: Schema, new: pl.DataFrame) -> bool:
    """Whether the column is the target, there to be compared, and no level that grows with time."""
    return column.role == "target" and column.name in new.columns and schema.source is None


def check_enough(table: pl.DataFrame, name: str, least: int) -> None:
    """Raise DataError if there are too few rows to tell drift from chance."""
    if len(table) < least:
        raise DataError(
            f"{name} has {len(table)} rows, and at least {least} are needed to tell drift from chance: "
            "gather more, or lower minimum_rows in conf/monitor/"
        )


def predictions(schema: Schema, new: pl.DataFrame, least: int) -> Quantity | None:
    """Predict the new rows and the test rows; None without a model, or with too few test rows.

    Raises DataError if the model was trained on other rows than those in data/.
    """
    if not paths.SERVED_MODEL.exists():
        return None
    predictor = Predictor(paths.SERVED_MODEL)
    if predictor.signature.trained_on != content_hash(paths.TRAIN):
        raise DataError(
            f"{paths.SERVED_MODEL} was trained on other rows than {paths.TRAIN} holds: "
            "run `uv run poe pipeline`, or `dvc pull` to fetch what belongs together"
        )
    test = pl.read_parquet(paths.TEST)
    if len(test) < least:
        return None
    kind: Type = "number" if predictor.signature.classes is None else "category"
    name = f"predicted {schema.target.name}"
    return Quantity(name, "prediction", kind, predicted(predictor, test), predicted(predictor, new))


def predicted(predictor: Predictor, table: pl.DataFrame) -> pl.Series:
    """What the model predicts for each row; of a series, relative to its level."""
    parts = [predictor.predict(from_frame(part)).values for part in table.iter_slices(ROWS_AT_ONCE)]
    values = np.concatenate(parts)
    if values.dtype == object:
        return pl.Series(values.tolist())
    if predictor.signature.offset is not None:
        values = values - table[predictor.signature.offset].to_numpy()
    # Where the model overflows, it has no prediction.
    return pl.Series(np.where(np.isfinite(values), values, np.nan)).fill_nan(None)

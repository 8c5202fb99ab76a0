"""What was asked and predicted in service, held against the rows of training and test."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from ... import paths
from ...config import MonitorConfig
from ...files import content_hash
from ...model.judge import Judge
from ...model.predictor import Predictor
from ...schema import Type
from ..check import configured_report, predicted
from ..quantity import Quantity, Sides
from ..verdict import Verdict
from .found import Found
from .known_models import file_of
from .quality import quality
from .tables import Tables, table, values
from .verdict import Quality


@dataclass(frozen=True)
class Asked:
    """What the requests of a window show.

    drift  None if nothing could be compared
    page   of the drift, if there is a verdict on it
    notes  what was not compared, and why
    """

    drift: Verdict | None = None
    page: str = ""
    quality: Sequence[Quality] = ()
    notes: Sequence[str] = ()


def compared(found: Found, tables: Tables, judge: Judge, monitor: MonitorConfig) -> Asked:
    """Hold a sample of the requests, and what was predicted for them, against training and test rows."""
    rows, least = found.requests.rows, monitor.minimum_rows
    if len(rows) < least:
        return Asked(
            notes=[
                f"drift, since {len(rows)} predictions are too few to tell it from chance; {least} are needed"
            ]
        )
    columns, odd, left_out = _columns(rows, tables, least)
    predictions, why = _predictions(found, tables, judge, least)
    notes = [*left_out, *why]
    if not columns and predictions is None:
        return Asked(quality=odd, notes=notes)
    name = f"the service since {found.window.asked:%Y-%m-%d %H:%M} UTC"
    drift, page = configured_report(monitor).compare(Sides(name, columns, predictions, []))
    return Asked(drift, page, odd, notes)


def _columns(
    rows: Sequence[Any], tables: Tables, least: int
) -> tuple[list[Quantity], list[Quality], list[str]]:
    """The columns of the requests beside those of training, what is odd about them, and what is not compared.

    The service stores every column that its model has: where one is absent, rather than null, there was none to ask.
    """
    if not tables.compared:
        return [], [], ["drift of the histories: the service stores the end of each, not what came before it"]
    reference, asked = pl.read_parquet(paths.TRAIN), table(rows, tables)
    stored = [json.loads(row.features).keys() for row in rows]
    columns, odd, notes = [], [], []
    for column in tables.compared:
        known, new = reference[column.name], asked[column.name]
        had = pl.Series([column.name in names for names in stored])
        if not had.all():
            new = new.filter(had)
            notes.append(_before(column.name, len(rows) - len(new), len(rows), is_left_out=len(new) < least))
        if len(new) >= least:
            columns.append(Quantity(column.name, "feature", column.type, known, new))
            odd.append(quality(column.name, known, new))
    return columns, odd, notes


def _before(name: str, lacking: int, rows: int, *, is_left_out: bool) -> str:
    """Say that requests are older than the column; so many that too few are left, or not."""
    requests = f"{lacking:,} of {rows:,} requests"
    what = f"'{name}', since {requests}" if is_left_out else f"'{name}' in {requests}, since they"
    return f"column {what} were stored before the model had it"


def _predictions(found: Found, tables: Tables, judge: Judge, least: int) -> tuple[Quantity | None, list[str]]:
    """What the champion predicted, beside what it predicts for the test rows; or None, and why."""
    assert found.champion is not None  # noqa: S101 - there are requests, and it answered the last one
    file = file_of(found.champion)
    if file is None:
        return None, [
            "drift of the predictions: the model that answers is none of the files here; `uv run poe champion` "
            "fetches the champion"
        ]
    predictor = Predictor(file)
    if predictor.signature.trained_on != content_hash(paths.TRAIN):
        return None, [
            f"drift of the predictions: the model that answers was trained on other rows than {paths.TRAIN} holds, "
            "with which the columns are compared all the same"
        ]
    rows = [row for row in found.requests.rows if row.model == found.champion]
    made_from = table(rows, tables)
    if (reason := tables.cannot_compare(made_from)) is not None:
        return None, [reason]
    new = values([row.prediction for row in rows], tables.schema, judge)
    if predictor.signature.offset is not None:
        new = new - made_from[predictor.signature.offset].to_numpy()
    test = pl.read_parquet(paths.TEST)
    series = pl.Series(new.tolist()) if new.dtype == object else pl.Series(new).fill_nan(None)
    if min(series.count(), len(test)) < least:
        return None, [
            f"drift of the predictions: of the model that answers, or of test rows, there are fewer than {least}"
        ]
    kind: Type = "number" if predictor.signature.classes is None else "category"
    name = f"predicted {tables.schema.target.name}"
    return Quantity(name, "prediction", kind, predicted(predictor, test), series.drop_nulls()), []

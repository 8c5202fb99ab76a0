"""The last days of the service: read what it stored, judge it, write the verdict, its page and its gauges."""

import json
from collections.abc import Sequence
from datetime import UTC, timedelta
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import polars as pl
from pydantic import Field

from ... import paths
from ...component import made
from ...config import Config, Section
from ...files import content_hash, write_json, write_text
from ...model.judge import Judge
from ...model.judge import configured as configured_judge
from ...model.predictor import Predictor
from ...report.gate import verdicts
from ...schema import Schema, Type
from ...serve.store.database import configured as configured_store
from ...serve.store.reading import texts
from ...serve.store.records import Monitored, now
from ..check import DriftReport, predicted, read_schema, write_drift
from ..quantity import Quantity, Sides
from .export import export
from .found import Answers, Found, Window, gather
from .gauges import gauges
from .known_models import figures_at_test, file_of
from .page import page
from .performance import Measure, is_worse
from .quality import quality
from .tables import Labelled, Tables, configured, labelled, values
from .verdict import Delay, Held, Performance, Role, ServedVerdict


class ServedPredictions(Section):
    """What is watched; the settings are explained in conf/served.yaml."""

    days: Annotated[float, Field(gt=0, le=3660)]
    outcome_days: Annotated[float, Field(gt=0, le=3660)]
    periods: Annotated[int, Field(ge=1, le=100)]
    sample: Annotated[int, Field(ge=1000)]
    worse_by: Annotated[float, Field(ge=0)]

    def watch(self, config: Config, days: float | None) -> ServedVerdict:
        """Judge the last days, for drift and for performance.

        Reads   the store that STORE_URL names; data/train.parquet, data/test.parquet, data/schema.json,
                reports/evaluation.json, and the model's file if it is here.
        Writes  reports/monitor.json, reports/monitor.html, reports/drift.json, reports/drift.html, and the gauges
                into the store.
        Raises  ConfigurationError if nothing is stored, StoreError if the store is out of reach.
        """
        database, schema, window = configured_store(), read_schema(config), self._window(days)
        found = gather(window, self.sample, texts(database, window.since))
        verdict = self._judged(config, schema, found, database.place)
        write_json(paths.SERVED_VERDICT, verdict.model_dump(mode="json"))
        write_text(paths.SERVED_PAGE, page(verdict))
        told = Monitored(gauges(verdict), window.until)
        database.write({told.table: told.rows()})
        return verdict

    def export(self, config: Config, file: Path, days: float | None) -> str:
        """Write every prediction with an outcome, or those of the last days, in the form of the source.

        Reads   the store that STORE_URL names; data/schema.json; the form of the source.
        Writes  the file.
        Raises  ConfigurationError if the file cannot be of that kind, or nothing is stored; DataError if no prediction
                has an outcome.
        """
        database, schema = configured_store(), read_schema(config)
        since = None if days is None else now() - timedelta(days=days)
        rows = export(config, schema, database, since, file)
        return (
            f"{rows:,} rows with what really came out, of {database.place}, are in {file}: set data.more in conf/data/ "
            "to it, or to a pattern that matches it, and `uv run poe pipeline` learns from them too"
        )

    def _window(self, days: float | None) -> Window:
        until = now()
        asked, told = (timedelta(days=days or own) for own in (self.days, self.outcome_days))
        return Window(until, until - asked, until - told, self.periods)

    def _judged(self, config: Config, schema: Schema, found: Found, place: str) -> ServedVerdict:
        judge = configured_judge(config.task)
        tables = configured(schema, config.task.windows)
        verdict = ServedVerdict(
            time=found.window.until.replace(tzinfo=UTC),
            asked_since=found.window.asked.replace(tzinfo=UTC),
            told_since=found.window.told.replace(tzinfo=UTC),
            store=place,
            requests=found.requests.seen,
            champion=found.champion,
            metric=config.task.metric,
            by_group=judge.by_group,
            confidence=config.evaluation.confidence,
        )
        if found.champion is None:
            return verdict
        self._watch_requests(config, schema, tables, judge, found, verdict)
        self._watch_outcomes(config, tables, judge, found, verdict)
        return verdict

    def _watch_requests(
        self,
        config: Config,
        schema: Schema,
        tables: Tables,
        judge: Judge,
        found: Found,
        verdict: ServedVerdict,
    ) -> None:
        """Hold a sample of what was asked and predicted against the training and test rows."""
        rows, least = found.requests.rows, config.monitor.minimum_rows
        if len(rows) < least:
            verdict.notes.append(
                f"drift, since {len(rows)} predictions are too few to tell it from chance; {least} are needed"
            )
            return
        asked = tables.table(_features(rows))
        columns = []
        if tables.compared:
            reference = pl.read_parquet(paths.TRAIN)
            columns = [
                Quantity(column.name, "feature", column.type, reference[column.name], asked[column.name])
                for column in tables.compared
            ]
            verdict.quality = list(quality(reference, asked, tables.compared))
        else:
            verdict.notes.append(
                "drift of the histories: the service stores the end of each, not what came before it"
            )
        prediction = _predictions(schema, tables, judge, found, least)
        if isinstance(prediction, str):
            verdict.notes.append(prediction)
        if columns or isinstance(prediction, Quantity):
            report: DriftReport = made(
                config.monitor.report, "monitor.report is no report of drift", "conf/monitor/"
            )
            name = f"the service since {verdict.asked_since:%Y-%m-%d %H:%M} UTC"
            compared = Sides(name, columns, prediction if isinstance(prediction, Quantity) else None, [])
            verdict.drift = write_drift(*report.compare(compared))

    def _watch_outcomes(
        self, config: Config, tables: Tables, judge: Judge, found: Found, verdict: ServedVerdict
    ) -> None:
        """Measure each model by what really came out, and hold the champion against its test and the objectives."""
        least = config.monitor.minimum_rows
        measure = Measure(judge, tables.schema, config.evaluation, config.task.metric, least, config.seed)

        def measured(name: str, role: Role, answers: Answers) -> Labelled | None:
            rows = answers.labelled.rows
            enough = len(rows) >= least
            known = labelled(rows, tables, judge, challenger=role == "challenger") if enough else None
            at_test = figures_at_test(config, name) if enough else {}
            verdict.performance.append(measure.performance(name, role, answers, known, at_test, found.window))
            return known

        for name, answers in found.models.items():
            known = measured(name, "answers" if name == found.champion else "answered before", answers)
            if name == found.champion and known is not None:
                verdict.delay = _delay(known)
        for name, answers in found.challengers.items():
            if (known := measured(name, "challenger", answers)) is not None:
                answered = labelled(answers.labelled.rows, tables, judge)
                verdict.comparisons.append(measure.comparison(name, known, answered))
        served = verdict.served
        if not served.metrics:
            verdict.notes.append(
                f"performance of the model that answers: {served.outcomes} of its predictions since "
                f"{verdict.told_since:%Y-%m-%d} have an outcome, and {least} are needed"
            )
            return
        verdict.worse = is_worse(served.metrics[config.task.metric], self.worse_by)
        if verdict.worse is None:
            verdict.notes.append(
                "whether the model does worse than at its test: this checkout does not know that model"
            )
        verdict.objectives = _objectives(config, served)


def _features(rows: Sequence[Any]) -> list[dict[str, Any]]:
    return [json.loads(row.features) for row in rows]


def _predictions(schema: Schema, tables: Tables, judge: Judge, found: Found, least: int) -> Quantity | str:
    """What the champion predicted, beside what it predicts for the test rows; or why they are not compared."""
    assert found.champion is not None  # noqa: S101 - the caller has seen to it
    file = file_of(found.champion)
    if file is None:
        return (
            "drift of the predictions: the model that answers is none of the files here; `uv run poe champion` "
            "fetches the champion"
        )
    predictor = Predictor(file)
    if predictor.signature.trained_on != content_hash(paths.TRAIN):
        return f"drift of the predictions: the model that answers was trained on other rows than {paths.TRAIN} holds"
    rows = [row for row in found.requests.rows if row.model == found.champion]
    table = tables.table(_features(rows))
    if (reason := tables.cannot_compare(table)) is not None:
        return reason
    new = values([row.prediction for row in rows], tables.schema, judge)
    if predictor.signature.offset is not None:
        new = new - table[predictor.signature.offset].to_numpy()
    test = pl.read_parquet(paths.TEST)
    series = pl.Series(new.tolist()) if new.dtype == object else pl.Series(new).fill_nan(None)
    if min(series.count(), len(test)) < least:
        return f"drift of the predictions: of the model that answers, or of test rows, there are fewer than {least}"
    kind: Type = "number" if predictor.signature.classes is None else "category"
    return Quantity(
        f"predicted {schema.target.name}", "prediction", kind, predicted(predictor, test), series.drop_nulls()
    )


def _delay(known: Labelled) -> Delay:
    half, most = np.quantile(known.delays, [0.5, 0.9])
    return Delay(half=timedelta(seconds=round(half)), most=timedelta(seconds=round(most)))


def _objectives(config: Config, served: Performance) -> list[Held]:
    """Objectives that name a metric; what else they may name is not measured in service."""
    measured = {"metrics": {name: figure.model_dump() for name, figure in served.metrics.items()}}
    found = verdicts(measured, config.objectives)
    return [
        Held(name=one.name, sentence=one.sentence, is_met=one.state == "pass")
        for one in found
        if one.value is not None
    ]

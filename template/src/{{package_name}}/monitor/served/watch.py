"""The last days of the service: read what it stored, have it judged, write the verdict, its page and its gauges."""

from datetime import UTC, timedelta
from pathlib import Path
from typing import Annotated

from pydantic import Field

from ... import paths
from ...config import Config, Section
from ...files import write_json, write_text
from ...model.judge import configured as configured_judge
from ...serve.store.database import configured as configured_store
from ...serve.store.reading import texts
from ...serve.store.records import Monitored, now
from ..check import read_schema, write_drift
from .asked import Asked, compared
from .export import export
from .found import Found, Window, gather
from .gauges import gauges
from .outcomes import Told, measured
from .page import page
from .tables import configured
from .verdict import ServedVerdict


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
        Raises  ConfigurationError if nothing is stored, StoreError if the store is out of reach, DataError if what it
                holds does not fit the schema.
        """
        database, schema, window = configured_store(), read_schema(config), self._window(days)
        tables, judge = configured(schema, config.task.windows), configured_judge(config.task)
        found = gather(window, self.sample, texts(database, window.since))
        asked, told = Asked(), Told()
        if found.champion is not None:
            asked = compared(found, tables, judge, config.monitor)
            told = measured(found, tables, judge, config, self.worse_by)
        verdict = _verdict(config, judge.by_group, found, database.place, asked, told)
        if asked.drift is not None:
            write_drift(asked.drift, asked.page)
        write_json(paths.SERVED_VERDICT, verdict.model_dump(mode="json"))
        write_text(paths.SERVED_PAGE, page(verdict))
        kept = Monitored(gauges(verdict), window.until)
        database.write({kept.table: kept.rows()})
        return verdict

    def export(self, config: Config, file: Path, days: float | None) -> str:
        """Write every prediction with an outcome, or those of the last days, in the form of the source.

        Reads   the store that STORE_URL names; data/schema.json; the form of the source.
        Writes  the file.
        Raises  ConfigurationError if the file cannot be of that kind, or nothing is stored; DataError if no prediction
                has an outcome, or they do not fit the schema.
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


def _verdict(
    config: Config, by_group: str, found: Found, place: str, asked: Asked, told: Told
) -> ServedVerdict:
    window = found.window
    return ServedVerdict(
        time=window.until.replace(tzinfo=UTC),
        asked_since=window.asked.replace(tzinfo=UTC),
        told_since=window.told.replace(tzinfo=UTC),
        store=place,
        requests=found.requests.seen,
        champion=found.champion,
        metric=config.task.metric,
        by_group=by_group,
        confidence=config.evaluation.confidence,
        drift=asked.drift,
        quality=list(asked.quality),
        performance=list(told.performance),
        comparisons=list(told.comparisons),
        delay=told.delay,
        worse=told.worse,
        objectives=list(told.objectives),
        notes=[*asked.notes, *told.notes],
    )

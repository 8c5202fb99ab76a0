"""The verdict as figures for Prometheus; `serve.monitored` tells what each one means."""

from collections.abc import Iterator

from ...serve.store.records import Gauge
from ..verdict import Change, Verdict
from .verdict import ServedVerdict


def gauges(verdict: ServedVerdict) -> list[Gauge]:
    """Every figure that is known; one that is not has no gauge, so that no rule takes it for good or bad."""
    return [
        Gauge(name="monitor_last_run_timestamp_seconds", value=verdict.time.timestamp()),
        *_of_drift(verdict.drift),
        *(_of_performance(verdict) if verdict.champion is not None else ()),
    ]


def _of_drift(drift: Verdict | None) -> Iterator[Gauge]:
    if drift is None:
        return
    yield Gauge(name="monitor_drifted", value=drift.drifted)
    for column in [*drift.columns, *([drift.prediction] if drift.prediction else [])]:
        if isinstance(column.values, Change):
            yield Gauge(
                name="monitor_drift_effect", labels={"column": column.name}, value=column.values.effect
            )


def _of_performance(verdict: ServedVerdict) -> Iterator[Gauge]:
    served = verdict.served
    yield Gauge(name="monitor_predictions", value=served.predictions)
    yield Gauge(name="monitor_outcomes", value=served.outcomes)
    if verdict.delay is not None:
        yield Gauge(name="monitor_outcome_delay_seconds", value=verdict.delay.half.total_seconds())
    for name, figure in served.metrics.items():
        labels = {"metric": name, "model": served.model}
        yield Gauge(name="monitor_performance", labels=labels, value=figure.value)
        if figure.at_test is not None:
            yield Gauge(name="monitor_performance_at_test", labels=labels, value=figure.at_test)
    if verdict.worse is not None:
        yield Gauge(name="monitor_performance_worse", value=verdict.worse)
    if verdict.comparisons:
        compared = verdict.comparisons[-1]
        labels = {"metric": compared.metric, "model": compared.challenger}
        yield Gauge(name="monitor_challenger_performance", labels=labels, value=compared.of_challenger)
        yield Gauge(name="monitor_challenger_better", labels=labels, value=compared.better)
    for held in verdict.objectives:
        yield Gauge(name="monitor_objective_missed", labels={"objective": held.name}, value=not held.is_met)

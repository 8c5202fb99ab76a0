"""What the monitor found last, told to Prometheus by every process of the service."""

import contextlib
from collections.abc import Iterator, Sequence

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ..errors import StoreError
from .store.database import Database
from .store.reading import latest_gauges
from .store.records import Gauge

HELP = {
    "monitor_last_run_timestamp_seconds": "When the monitor ran last",
    "monitor_drifted": "1 if features or predictions differ from those of training",
    "monitor_drift_effect": "How far a column lies from training, as its population stability index",
    "monitor_performance": "A metric of the model that answers, by what really came out",
    "monitor_performance_at_test": "The same metric on the test rows of that model",
    "monitor_performance_worse": "1 if the model does worse than at the test, beyond chance and by enough to matter",
    "monitor_objective_missed": "1 if an objective that names a metric is missed by what really came out",
    "monitor_challenger_performance": "The metric that decides, of the challenger that predicts beside the model",
    "monitor_challenger_better": "1 if the challenger is better beyond chance on the same requests, -1 if it is worse",
    "monitor_predictions": "Predictions in the time for which outcomes are read",
    "monitor_outcomes": "How many of them have an outcome",
    "monitor_outcome_delay_seconds": "Half of the outcomes came within it",
}
"""Every gauge that the monitor writes, with what it means."""
SECONDS = 15.0
"""Between two looks: as often as Prometheus comes."""


class MonitoredGauges(Collector):
    """The gauges of the monitor's last run, read from the store now and then: Prometheus waits for no database.

    So the monitor may run on any machine that reaches the store, and needs no file that both can see.
    """

    def __init__(self, address: str) -> None:
        self._database = Database(address)
        self._gauges: Sequence[Gauge] = ()

    def look(self) -> None:
        """Read what was found last; while the store is lost, what was known before counts."""
        with contextlib.suppress(StoreError):  # the store itself says so in the log
            self._gauges = latest_gauges(self._database)

    def collect(self) -> Iterator[Metric]:
        """Give each gauge with its labels."""
        by_name: dict[str, list[Gauge]] = {}
        for gauge in self._gauges:
            by_name.setdefault(gauge.name, []).append(gauge)
        for name, gauges in by_name.items():
            family = GaugeMetricFamily(
                name, HELP.get(name, "Told by a newer monitor"), labels=list(gauges[0].labels)
            )
            for gauge in gauges:
                family.add_metric(list(gauge.labels.values()), gauge.value)
            yield family

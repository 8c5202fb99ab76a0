"""What the monitor found when it last ran, shown to Prometheus beside the service's own figures."""

import logging
from collections.abc import Iterator
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from ..files import state_of

PREFIX = "monitor_"
"""What the names of the monitor's figures begin with: a file cannot pass others off as the service's."""

_log = logging.getLogger(__name__)


class Monitored(Collector):
    """The figures in a file that the monitor writes, in Prometheus's text format; read when it has changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, ...] | None = None
        self._found: list[Metric] = []

    def collect(self) -> Iterator[Metric]:
        """Tell what the file says; as long as there is none, nothing."""
        state = state_of(self._path)
        if state != self._seen:
            self._seen, self._found = state, [] if state is None else self._read()
        yield from self._found

    def _read(self) -> list[Metric]:
        refused = GaugeMetricFamily("monitor_file_refused", "1 if the monitor's file cannot be read")
        try:
            text = self._path.read_text(encoding="utf-8")
            found = [one for one in text_string_to_metric_families(text) if one.name.startswith(PREFIX)]
        except (OSError, ValueError) as error:
            # One bad line would cost Prometheus all figures of the service.
            _log.error("%s holds no figures that Prometheus can read: %s", self._path, error)
            refused.add_metric([], 1)
            return [refused]
        refused.add_metric([], 0)
        return [*found, refused]

"""What the service has of its machine, and how much of that is left; its own use of it, prometheus_client tells."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from .store.store import Store

LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
"""Where a container reads how much memory it may use: in version 2 and version 1 of control groups."""


class Resources(Collector):
    """Room in memory, in the store's queue and on its disk, and rows that it refused: read when Prometheus asks."""

    def __init__(self, store: Store | None) -> None:
        self._store = store

    def collect(self) -> Iterator[Metric]:
        """Tell what there is; what cannot be known here is left out."""
        if (limit := memory_limit()) is not None:
            yield GaugeMetricFamily("memory_limit_bytes", "Memory that the service may use", limit)
        if self._store is None:
            return
        waiting = self._store.waiting
        yield GaugeMetricFamily("store_rows_waiting", "Rows that wait to be written", waiting.rows)
        yield GaugeMetricFamily("store_rows_waiting_limit", "Rows that may wait at most", waiting.most_rows)
        never = "Rows that the database will never take"
        refused = CounterMetricFamily("store_rows_refused", never, labels=["table"])
        for table, rows in self._store.refused.items():
            refused.add_metric([table], rows)
        yield refused
        if (disk := _disk(self._store.folder)) is not None:
            total, free = disk
            yield GaugeMetricFamily("store_disk_size_bytes", "Size of the disk that the store is on", total)
            yield GaugeMetricFamily("store_disk_free_bytes", "What is free of it", free)


def memory_limit() -> int | None:
    """Bytes of memory that the container may use, or that the machine has; None where the system does not tell."""
    # Windows has no such function.
    names: dict[str, int] = getattr(os, "sysconf_names", {})
    if not {"SC_PAGE_SIZE", "SC_PHYS_PAGES"} <= names.keys():
        return None
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min([machine, *(limit for path in LIMITS if (limit := _number(path)) is not None)])


def _number(path: Path) -> int | None:
    """Read a number from a file; None if it is not there, or says `max`."""
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _disk(folder: Path | None) -> tuple[int, int] | None:
    """Size of the folder's disk and what is free of it, in bytes; None if there is no folder."""
    try:
        usage = shutil.disk_usage(folder) if folder else None
    except OSError:
        return None
    return usage and (usage.total, usage.free)

"""How far a long run is, said now and then."""

import logging
from time import perf_counter

EVERY = 5.0
"""Seconds between two lines."""

log = logging.getLogger(__name__)


class Progress:
    """Counts from the rows that an earlier run has done."""

    def __init__(self, done: int, total: int) -> None:
        self._before, self._total = done, total
        self._start = self._said = perf_counter()
        if done:
            log.info("going on after the first %s of %s rows", f"{done:,}", f"{total:,}")

    def show(self, done: int) -> None:
        """Say how far it is, if the last line is some seconds old."""
        now = perf_counter()
        if now - self._said < EVERY:
            return
        self._said = now
        speed = (done - self._before) / (now - self._start)
        log.info(
            "%.0f %% of %s rows, %s a second, %.0f s to go",
            100 * done / self._total,
            f"{self._total:,}",
            f"{speed:,.0f}",
            (self._total - done) / speed,
        )

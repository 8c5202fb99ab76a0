"""The way into the store: requests put records, one thread writes them."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Event, Thread
from time import monotonic

from sqlalchemy import Table
from sqlalchemy.exc import DBAPIError

from ...errors import StoreError, StoreLostError
from ..settings import Settings
from ..waiting import Waiting
from .chosen import older
from .database import Database
from .records import Record, Row
from .tables import feedback, predictions, shadows

LONGEST_PAUSE = 10.0
"""Seconds between two tries while the database is lost."""
LAST_SECONDS = 5.0
"""In which the rows that still wait are written when the service ends."""
BETWEEN_DELETIONS = 3600.0

_log = logging.getLogger(__name__)


class Store:
    """Keeps records in a database, without which requests are answered all the same.

    settings  those that begin with `store`

    `waiting` holds the rows that are not yet written, `refused` counts by table those that never will be.

    Raises ConfigurationError if STORE_URL is no address, StoreError if a newer version of the project made the store.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._database = Database(settings.store_url)
        self.waiting = Waiting(settings.store_rows)
        self.refused = {table.name: 0 for table in (predictions, feedback, shadows)}
        self._rows: dict[Table, list[Row]] = {}
        self._ending = Event()
        self._is_lost = False
        self._forgotten = monotonic() - BETWEEN_DELETIONS
        try:
            self._database.make()
        except StoreLostError as error:
            self._lost(error)

    @property
    def folder(self) -> Path | None:
        """Where its file lies; None if a server keeps it."""
        return self._database.folder

    def keep(self, record: Record) -> bool:
        """Have a record written soon; returns False if too many rows wait already."""
        return self.waiting.put(record)

    @asynccontextmanager
    async def written(self) -> AsyncIterator[None]:
        """Write as long as the service runs; in the end, what still waits."""
        thread = Thread(target=self._run, name="store", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ending.set()
            self.waiting.due.set()
            await asyncio.to_thread(thread.join, LAST_SECONDS + 1)
            if self.waiting.rows:
                _log.error("the service ends, and %d rows are not in the store", self.waiting.rows)

    def _run(self) -> None:
        pause = self._settings.store_seconds
        while not self._ending.is_set():
            self.waiting.due.wait(pause)
            is_well = self._tried(self._write) and self._tried(self._forget)
            pause = self._settings.store_seconds if is_well else min(2 * pause, LONGEST_PAUSE)
        deadline = monotonic() + LAST_SECONDS
        while self.waiting.rows and not self._tried(self._write) and monotonic() < deadline:
            self.waiting.due.wait(0.1)

    def _tried(self, step: Callable[[], None]) -> bool:
        """Take a step; returns False if the store is lost for now."""
        try:
            step()
        except StoreError as error:
            self._lost(error)
            return False
        except Exception:  # without its thread the store would lose all that is answered from now on
            _log.exception("the store goes on after a failure")
            return False
        if self._is_lost:
            _log.warning("the store can be used again")
            self._is_lost = False
        return True

    def _write(self) -> None:
        """Write what waits; it waits on if the store is lost."""
        for record in self.waiting.take():
            self._rows.setdefault(record.table, []).extend(record.rows())
        # A store that is lost is asked even so: else it would seem to be back as soon as nothing waits.
        if not self._rows and not self._is_lost:
            return
        try:
            self._database.write(self._rows)
        except StoreError:
            raise
        except Exception:  # whatever is wrong with a row must not keep others out, nor end the thread
            for table in list(self._rows):
                self._sift(table)
        self.waiting.done(sum(len(rows) for rows in self._rows.values()))
        self._rows.clear()

    def _sift(self, table: Table) -> None:
        """Write the rows of a table but for those that the database will never take, which are found by halves."""
        refused: list[Row] = []
        reasons: set[str] = set()
        pieces = [self._rows[table]]
        while pieces:
            piece = pieces.pop()
            try:
                self._database.write({table: piece})
            except StoreError:
                raise
            except Exception as error:
                if half := len(piece) // 2:
                    pieces += piece[half:], piece[:half]
                    continue
                refused += piece
                # The message of a database may repeat values.
                reasons.add(type(error.orig if isinstance(error, DBAPIError) else error).__name__)
        self.waiting.done(len(self._rows.pop(table)))
        if refused:
            self.refused[table.name] += len(refused)
            _log.error(
                "the database will never take %d rows of %s (%s), so they are given up; the first one's id is %s",
                len(refused),
                table.name,
                ", ".join(sorted(reasons)),
                refused[0].get("id"),
            )

    def _forget(self) -> None:
        """Delete, now and then, what is too old to be kept."""
        if not self._settings.store_days or monotonic() - self._forgotten < BETWEEN_DELETIONS:
            return
        self._database.delete([older(self._settings.store_days)])
        self._forgotten = monotonic()

    def _lost(self, error: StoreError) -> None:
        """Say so once, for nobody reads a thousand lines that are alike."""
        if not self._is_lost:
            _log.error("%s: at most %d rows wait for it", error, self._settings.store_rows)
            self._is_lost = True

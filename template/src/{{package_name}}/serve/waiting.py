"""What waits to be worked on beside the requests, and how much may wait."""

from collections import deque
from collections.abc import Sized
from threading import Event, Lock
from typing import Any


class Waiting:
    """A queue between requests, which never wait for it, and the one thread that works on it.

    Its items are of one kind, which both ends know; the length of an item counts its rows.

    due        set as soon as half of the room is taken
    most_rows  how many may wait
    """

    def __init__(self, most_rows: int) -> None:
        self.due = Event()
        self.most_rows = most_rows
        self._rows = 0
        self._queued = 0
        self._queue: deque[Sized] = deque()
        self._lock = Lock()

    @property
    def rows(self) -> int:
        """How many rows are not yet done."""
        return self._rows

    def put(self, item: Sized) -> bool:
        """Queue an item; returns False if there is no room for it."""
        rows = len(item)
        with self._lock:
            if self._rows + rows > self.most_rows:
                return False
            self._rows += rows
            self._queued += rows
            self._queue.append(item)
            if 2 * self._queued >= self.most_rows:
                self.due.set()
        return True

    def take(self) -> list[Any]:
        """Take everything out of the queue; its rows need their room until they are `done`."""
        with self._lock:
            self.due.clear()
            self._queued = 0
            taken = list(self._queue)
            self._queue.clear()
        return taken

    def done(self, rows: int) -> None:
        """Give the room of rows back."""
        with self._lock:
            self._rows -= rows

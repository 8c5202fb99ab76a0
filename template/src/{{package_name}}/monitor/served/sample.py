"""Some rows of a stream that memory could not hold."""

from collections.abc import Sequence
from hashlib import blake2b
from operator import itemgetter
from typing import Any


def turn(name: str) -> bytes:
    """A prediction's place in the queue for a sample: as good as random, and the same each time."""
    return blake2b(name.encode(), digest_size=8).digest()


class Sample:
    """The rows with the smallest turns: a uniform sample without replacement, whatever the order of the rows.

    All samples use the same turns, so two of them hold the same rows as far as both were given them
    (Cohen and Kaplan 2007 call that coordinated bottom-k samples).

    most  how many rows are kept
    seen  how many were given
    """

    def __init__(self, most: int) -> None:
        self.seen = 0
        self._most = most
        self._kept: list[tuple[bytes, Any]] = []
        self._bound = b"\xff" * 9

    def add(self, place: bytes, row: Any) -> None:
        """Consider a row; `place` is its turn."""
        self.seen += 1
        if place < self._bound:
            self._kept.append((place, row))
            # Sorting now and then costs less than keeping order all the time.
            if len(self._kept) >= 2 * self._most:
                self._bound = self._cut()

    @property
    def rows(self) -> Sequence[Any]:
        """The rows that are kept."""
        self._cut()
        return [row for _, row in self._kept]

    def _cut(self) -> bytes:
        self._kept.sort(key=itemgetter(0))
        del self._kept[self._most :]
        return self._kept[-1][0] if len(self._kept) == self._most else b"\xff" * 9

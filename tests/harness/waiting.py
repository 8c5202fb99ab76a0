"""Waiting for what takes its time."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")


def until(
    is_so: Callable[[], Found], what: object, *, seconds: float = 60, pause: float = 0.2
) -> Found:
    """Wait for something, and return what it is; look again after a pause, in seconds.

    Raises AssertionError that names it, as it is then, if it does not come.
    """
    deadline = time.monotonic() + seconds
    while not (found := is_so()):
        assert time.monotonic() < deadline, f"{what} does not come"
        time.sleep(pause)
    return found

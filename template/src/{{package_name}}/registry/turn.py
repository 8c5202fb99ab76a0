"""One command at a time works on the registry in this folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from ..errors import RegistryError

LOCK = Path(".dvc/tmp/registry.lock")
PATIENCE = 60
"""Seconds; a command takes a few."""


@contextmanager
def my_turn() -> Iterator[None]:
    """Wait until no other process registers or decides here.

    Raises RegistryError if one goes on for longer than PATIENCE.
    """
    LOCK.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(LOCK)
    try:
        lock.acquire(timeout=PATIENCE)
    except Timeout as error:
        raise RegistryError(
            f"another process has worked on the registry for {PATIENCE} seconds: wait until it is done, then try again"
        ) from error
    try:
        yield
    finally:
        lock.release()

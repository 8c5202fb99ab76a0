"""Work that many tests need, done a single time per test run."""

from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock


def once(folder: Path, build: Callable[[Path], object]) -> Path:
    """Build `folder` for the first test that asks; every other, in any worker, waits and shares it.

    Raises what `build` raised, for every test that asks: a broken start is told, not tried
    again. What leaves a test out leaves out each that asks.
    """
    done, failed = (
        folder.with_name(f"{folder.name}.done"),
        folder.with_name(f"{folder.name}.failed"),
    )
    with FileLock(folder.with_name(f"{folder.name}.lock")):
        if failed.exists():
            raise AssertionError(failed.read_text())
        if not done.exists():
            folder.parent.mkdir(parents=True, exist_ok=True)
            try:
                build(folder)
            except pytest.skip.Exception:
                raise
            except BaseException as error:
                failed.write_text(f"{folder.name} could not be made: {error}")
                raise
            done.touch()
    return folder

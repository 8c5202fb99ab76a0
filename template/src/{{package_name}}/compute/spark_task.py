"""What a worker of Spark does with an item: nothing of its own."""

import os
import pickle
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyspark import Broadcast

from ..errors import ProjectError


@dataclass(frozen=True)
class Failure:
    """What went wrong, brought back to who asked: Spark would tell it as a stack trace of Java, after four tries."""

    error: Exception


@dataclass(frozen=True)
class Task:
    """Work on one item, in the folder of the project where the worker has it."""

    work: Callable[[Any, Any], Any]
    shared: "Broadcast[Any]"
    folder: Path

    def __call__(self, item: Any) -> Any:
        """Do the work; give a Failure in place of raising."""
        if self.folder.is_dir():
            os.chdir(self.folder)
        try:
            return self.work(self.shared.value, item)
        except ProjectError as error:
            return Failure(error)
        except Exception as error:
            error.add_note(f"In a worker of Spark:\n{traceback.format_exc()}")
            return Failure(error if _travels(error) else RuntimeError(repr(error)))


def _travels(error: Exception) -> bool:
    """Whether an error can be brought back: some cannot be made anew from their arguments."""
    try:
        return isinstance(pickle.loads(pickle.dumps(error)), Exception)  # noqa: S301 - our own
    except Exception:
        return False

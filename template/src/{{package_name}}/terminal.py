"""How a command answers the person who started it."""

import logging
import sys
from collections.abc import Callable, Sequence

from .errors import ProjectError

INTERRUPTED = 130
"""What a shell answers for a program that was interrupted."""


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """A line for each row, in which the cells of a column stand below each other."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


def carry_out(command: str, work: Callable[[], int | None]) -> int:
    """Run a command; a mistake that a person can mend, such as a full disk, or an interruption, is one message."""
    logging.basicConfig(format="%(message)s", level=logging.WARNING, stream=sys.stdout)
    logging.getLogger(__package__).setLevel(logging.INFO)
    try:
        return int(work() or 0)
    except (ProjectError, OSError) as error:
        print(f"{command}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"{command}: interrupted", file=sys.stderr)
        return INTERRUPTED

"""Names of predictions: one that is new for each request, and the place of each entry in its answer."""

from os import urandom
from time import time_ns
from typing import Any

PATTERN = "^[0-9a-f]{32}-[0-9]{1,5}$"
EXAMPLE = "01936f0c5e877a4bb2f4d1c09e8a7b65-0"


def request_id() -> str:
    """A new UUID of version 7 (RFC 9562), which begins with the time: neighbours in time are so in an index."""
    random = int.from_bytes(urandom(10), "big")
    milliseconds, high, low = time_ns() // 1_000_000, random >> 68, random & ((1 << 62) - 1)
    return f"{milliseconds:012x}7{high:03x}{(1 << 63) | low:016x}"


def named(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The entries of an answer, each with its id."""
    request = request_id()
    return [entry | {"id": f"{request}-{place}"} for place, entry in enumerate(entries)]

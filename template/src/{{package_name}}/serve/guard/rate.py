"""How often one client may ask."""

from math import ceil
from time import monotonic

from starlette.types import ASGIApp, Receive, Scope, Send

from .refusals import RefusedRequest
from .scopes import client, is_open

MINUTE = 60.0
MOST_CLIENTS = 10_000
"""Addresses come and go; of more than this, those are forgotten that have not asked for longest."""


class Buckets:
    """A bucket of tokens for each client: it begins full with a minute's worth, and fills evenly.

    All there is to know of a bucket is when it will be full again (ITU-T I.371, generic cell rate algorithm).
    """

    def __init__(self, per_minute: int) -> None:
        self._seconds_per_token = MINUTE / per_minute
        self._full_at: dict[str, float] = {}

    def take(self, name: str) -> float:
        """Take a token and return 0; if there is none, return the seconds until there is."""
        now = monotonic()
        full_at = max(self._full_at.get(name, now), now) + self._seconds_per_token
        missing = full_at - now - MINUTE
        if missing > 0:
            return missing
        self._full_at.pop(name, None)
        self._full_at[name] = full_at
        if len(self._full_at) > MOST_CLIENTS:
            del self._full_at[next(iter(self._full_at))]
        return 0

    def __len__(self) -> int:
        return len(self._full_at)


class Rate:
    """ASGI middleware that lets each key, or each address where there are none, ask so often; 0 is no limit.

    Each process counts for itself.
    """

    def __init__(self, app: ASGIApp, per_minute: int) -> None:
        self._app = app
        self._per_minute = per_minute
        self._buckets = Buckets(per_minute) if per_minute else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; raise RefusedRequest if it comes too soon."""
        if self._buckets is not None and scope["type"] == "http" and not is_open(scope):
            self._check(self._buckets.take(scope["state"].get("key") or client(scope)))
        await self._app(scope, receive, send)

    def _check(self, missing: float) -> None:
        if missing > 0:
            seconds = ceil(missing)
            raise RefusedRequest(
                429,
                f"at most {self._per_minute} requests are answered in a minute: ask again in {seconds} s",
                {"Retry-After": str(seconds)},
            )

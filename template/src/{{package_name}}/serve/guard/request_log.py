"""One log line for each request, and a name by which it is found again."""

import logging
import re
from secrets import token_hex
from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..metrics import route_of
from .json_log import request_id
from .scopes import client, header, is_open

_log = logging.getLogger(__name__)

_WELL_FORMED = re.compile(rb"[A-Za-z0-9._-]{1,64}")


class RequestLog:
    """ASGI middleware that names each request, tells the client the name, and logs what became of it.

    What is logged is no personal data: no body, no query, no raw path, and the client's address only if asked for.
    Routes may add how many rows they predicted, as `request.state.rows`.
    """

    def __init__(self, app: ASGIApp, *, with_client: bool) -> None:
        self._app = app
        self._with_client = with_client

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, its name in `state` and in every line that is logged meanwhile."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start = perf_counter()
        name = _name(header(scope, b"x-request-id"))
        request_id.set(name)
        scope.setdefault("state", {})["request_id"] = name
        status = 500  # what the server answers if the application raises

        async def naming(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", name.encode())]
            await send(message)

        try:
            await self._app(scope, receive, naming)
        finally:
            self._write(scope, status, perf_counter() - start)

    def _write(self, scope: Scope, status: int, seconds: float) -> None:
        level = _level(scope, status)
        if not _log.isEnabledFor(level):
            return
        state = scope["state"]
        fields = {
            "method": scope["method"],
            "route": route_of(scope),
            "status": status,
            "milliseconds": round(1000 * seconds, 3),
            "key": state.get("key"),
            "rows": state.get("rows"),
        }
        if self._with_client:
            fields["client"] = client(scope)
        _log.log(level, "answered", extra={"fields": fields})


def _level(scope: Scope, status: int) -> int:
    if status >= 500:
        return logging.ERROR
    # Machines look every few seconds, and what they see stands in the metrics.
    return logging.DEBUG if is_open(scope) else logging.INFO


def _name(given: bytes) -> str:
    return given.decode() if _WELL_FORMED.fullmatch(given) else token_hex(16)

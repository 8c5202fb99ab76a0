"""HTTP as the server reads it from a connection: how much it takes in, how long it waits, whom it always answers."""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LARGEST_HEAD = 65_536
"""Bytes of a request's first line and headers together, as uvicorn's slower protocol (h11) has it; and of what may
follow a body in pieces, or stand between these."""
LONGEST_HEAD = 30.0
"""Seconds until a head has come. Connections count, so whoever only held them open would shut everybody else out."""
WATCHING = (b"/health/", b"/metrics")
"""Where those ask who watch the service: answered however busy it is, or a probe would have it restarted for that."""


class Protocol(HttpToolsProtocol):
    """Uvicorn's faster protocol, which by itself takes in headers without end, and waits for them for ever.

    uvicorn --http <package>.serve.guard.protocol:Protocol
    """

    _waiting = 0
    """Bytes since something was whole that came: a head, a piece of a body, or a request."""
    _late: asyncio.TimerHandle | None = None
    """Hangs up when the head that is awaited has not come in time."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first head."""
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        super().connection_lost(exc)
        self._stop_waiting()

    def data_received(self, data: bytes) -> None:
        """Read what came; answer 400 and hang up if there is no end to a head, or to what follows a body."""
        self._waiting += len(data)
        super().data_received(data)
        if self._waiting > LARGEST_HEAD and not self.transport.is_closing():
            self.send_400_response(f"The head of a request may have {LARGEST_HEAD} bytes.")
        if not self._waiting:
            self._stop_waiting()
        elif self._late is None:  # most heads are whole with the same piece of data, and need no timer
            self._wait_for_head()

    def on_headers_complete(self) -> None:
        """Begin the request; what follows its body (trailers) does not get among its headers."""
        self._waiting = 0
        self.limit_concurrency = None if self.url.startswith(WATCHING) else self.config.limit_concurrency
        super().on_headers_complete()
        if not self.parser.should_upgrade():
            self.headers = []

    def on_body(self, body: bytes) -> None:
        """Take in a piece of the body, which others bound."""
        self._waiting = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Wait for the next one."""
        super().on_message_complete()
        self._waiting = 0

    def _wait_for_head(self) -> None:
        """Hang up when the time is over, or after the answer that is under way then."""
        self._late = self.loop.call_later(LONGEST_HEAD, self.shutdown)

    def _stop_waiting(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

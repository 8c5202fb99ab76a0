"""HTTP as the server reads it from a connection: what it takes in beside bodies, and whom it always answers."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LARGEST_HEAD = 65_536
"""Bytes of a request's first line and headers together, as uvicorn's slower protocol (h11) has it; and of what may
follow a body in pieces, or stand between these."""
WATCHING = (b"/health/", b"/metrics")
"""Where those ask who watch the service: answered however busy it is, or a probe would have it restarted for that."""


class Protocol(HttpToolsProtocol):
    """Uvicorn's faster protocol, which by itself takes in headers without end.

    uvicorn --http <package>.serve.guard.protocol:Protocol
    """

    _waiting = 0
    """Bytes since something was whole that came: a head, a piece of a body, or a request."""

    def data_received(self, data: bytes) -> None:
        """Read what came; answer 400 and hang up if there is no end to a head, or to what follows a body."""
        self._waiting += len(data)
        super().data_received(data)
        if self._waiting > LARGEST_HEAD and not self.transport.is_closing():
            self.send_400_response(f"The head of a request may have {LARGEST_HEAD} bytes.")

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

"""HTTP as the server reads it from a connection, with a bound for the head of a request."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LARGEST_HEAD = 65_536
"""Bytes of a request's first line and headers together, as uvicorn's slower protocol (h11) has it."""


class Protocol(HttpToolsProtocol):
    """Uvicorn's faster protocol, which by itself takes in headers without end.

    uvicorn --http <package>.serve.guard.protocol:Protocol
    """

    _head: int | None = 0
    """Bytes of a head that is not whole yet; None while the body comes."""

    def data_received(self, data: bytes) -> None:
        """Read what came; answer 400 and hang up if the head is too large."""
        if self._head is not None:
            self._head += len(data)
        super().data_received(data)
        if self._head is not None and self._head > LARGEST_HEAD and not self.transport.is_closing():
            self.send_400_response(f"The head of a request may have {LARGEST_HEAD} bytes.")

    def on_headers_complete(self) -> None:
        """Begin the request."""
        self._head = None
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Wait for the next one."""
        super().on_message_complete()
        self._head = 0

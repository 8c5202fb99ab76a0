"""How large a request may be, alone and together with others, and how long it may take."""

import asyncio

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .refusals import RefusedRequest
from .scopes import header

SMALL = 65_536
"""Bytes of a body that is not refused for the sake of others: uvicorn takes in as much before anybody asks for it, and
bounds the number of connections."""


class Limits:
    """ASGI middleware that takes in a request as a whole, so that no route waits for a slow client.

    A thread that is too late is not waited for, but goes on to its end: Python cannot stop it.

    largest   bytes that a body may have
    together  bytes that the bodies of all requests may have that are not answered yet; `largest` at least
    """

    def __init__(self, app: ASGIApp, largest: int, together: int, seconds: float) -> None:
        self._app = app
        self._largest = largest
        self._together = max(together, largest)
        self._seconds = seconds
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; raise RefusedRequest if it is too large, there is no room, or it is not done in time."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if _announced(scope) > self._largest:
            raise self._too_large()
        body, is_whole = b"", False
        try:
            async with asyncio.timeout(self._seconds) as clock:
                body = await self._whole(receive)
                is_whole = True
                await self._app(scope, _giving(body, receive), send)
        except TimeoutError as error:
            if not clock.expired():
                raise
            raise (self._late() if is_whole else self._slow()) from error
        finally:
            self._held -= len(body)

    async def _whole(self, receive: Receive) -> bytes:
        """Take in a body, whose bytes are held from then on; nothing is held of one that does not become whole."""
        parts, size, more = [], 0, True
        try:
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientDisconnect
                part = message.get("body", b"")
                size += len(part)
                self._held += len(part)
                if size > self._largest:
                    raise self._too_large()
                if self._held > self._together and size > SMALL:
                    raise self._no_room()
                parts.append(part)
                more = message.get("more_body", False)
        except BaseException:
            self._held -= size
            raise
        return b"".join(parts)

    def _too_large(self) -> RefusedRequest:
        return RefusedRequest(
            413, f"the request is larger than {self._largest:,} bytes: send fewer rows at once"
        )

    def _no_room(self) -> RefusedRequest:
        return RefusedRequest(
            503,
            f"the requests that are being answered have {self._together:,} bytes together, and more find no room: "
            "send this one again in 1 s, or fewer rows at once",
            {"Retry-After": "1"},
        )

    def _slow(self) -> RefusedRequest:
        return RefusedRequest(
            408,
            f"the request was not whole after {self._seconds:g} s: send it faster, or fewer rows at once",
            {"Connection": "close"},
        )

    def _late(self) -> RefusedRequest:
        return RefusedRequest(
            503, f"the answer took longer than {self._seconds:g} s: send fewer rows at once"
        )


def _announced(scope: Scope) -> int:
    """Return the size that the client announces, 0 if it announces none: what comes is counted anyway."""
    try:
        return int(header(scope, b"content-length"))
    except ValueError:
        return 0


def _giving(body: bytes, receive: Receive) -> Receive:
    """Give the body that has been taken in, and after it what still comes."""
    is_given = False

    async def give() -> Message:
        nonlocal is_given
        if is_given:
            return await receive()
        is_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return give

"""How large a request may be, and how long it may take."""

import asyncio

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .refusals import RefusedRequest
from .scopes import header


class Limits:
    """ASGI middleware that takes in a request as a whole, so that no route waits for a slow client.

    A thread that is too late is not waited for, but goes on to its end: Python cannot stop it.
    """

    def __init__(self, app: ASGIApp, largest: int, seconds: float) -> None:
        self._app = app
        self._largest = largest
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; raise RefusedRequest if it is too large, or not done in time."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if _announced(scope) > self._largest:
            raise self._too_large()
        is_whole = False
        try:
            async with asyncio.timeout(self._seconds) as clock:
                body = await self._whole(receive)
                is_whole = True
                await self._app(scope, _giving(body, receive), send)
        except TimeoutError as error:
            if not clock.expired():
                raise
            raise (self._late() if is_whole else self._slow()) from error

    async def _whole(self, receive: Receive) -> bytes:
        parts, size, more = [], 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            part = message.get("body", b"")
            size += len(part)
            if size > self._largest:
                raise self._too_large()
            parts.append(part)
            more = message.get("more_body", False)
        return b"".join(parts)

    def _too_large(self) -> RefusedRequest:
        return RefusedRequest(
            413, f"the request is larger than {self._largest:,} bytes: send fewer rows at once"
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

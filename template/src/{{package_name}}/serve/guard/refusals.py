"""Answers in place of the service's own: a request that is refused, or that fails, is told so in one sentence."""

import logging
from collections.abc import Mapping

from pydantic import BaseModel
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..answers import json

_log = logging.getLogger(__name__)

CLIENT_GONE = 499
"""No standard knows it, but proxies and their dashboards do: nobody was there for the answer."""


class Sentence(BaseModel):
    """The answer to a request that the service did not answer itself."""

    detail: str


class RefusedRequest(Exception):  # noqa: N818 - it is no error of ours
    """Ends the request with this status and sentence."""

    def __init__(self, status: int, sentence: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.headers = headers


class Refusals:
    """ASGI middleware that turns exceptions into answers; what nobody foresaw is logged with its traceback."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and answer it if that raises."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        has_begun = False

        async def noting(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception as error:
            # The server then breaks the connection, so that nobody takes half an answer for the whole.
            if has_begun:
                raise
            refused = _refused(error, scope["state"]["request_id"])
            answer = json(Sentence(detail=str(refused)), status=refused.status, headers=refused.headers)
            await answer(scope, receive, send)


def _refused(error: Exception, request_id: str) -> RefusedRequest:
    match error:
        case RefusedRequest():
            return error
        case ClientDisconnect():
            return RefusedRequest(CLIENT_GONE, "the client left before its request was whole")
        case _:
            _log.error("unexpected error", exc_info=error)
            sentence = f"the service failed, and its log says why: tell its owner the request {request_id}"
            return RefusedRequest(500, sentence)

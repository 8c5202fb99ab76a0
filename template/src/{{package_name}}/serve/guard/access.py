"""Who may ask: those who show a key that the service knows."""

from starlette.types import ASGIApp, Receive, Scope, Send

from .keys import Keys
from .refusals import RefusedRequest
from .scopes import header, is_open


class Access:
    """ASGI middleware that lets requests through with `Authorization: Bearer KEY` (RFC 6750), and names the key."""

    def __init__(self, app: ASGIApp, keys: Keys) -> None:
        self._app = app
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, its key's name in `state`; raise RefusedRequest if it may not be asked."""
        if scope["type"] == "http" and self._keys.are_needed and not is_open(scope):
            scope["state"]["key"] = self._name(header(scope, b"authorization"))
        await self._app(scope, receive, send)

    def _name(self, given: bytes) -> str:
        scheme, _, key = given.partition(b" ")
        if scheme.lower() != b"bearer":
            raise RefusedRequest(
                401,
                "the service needs an API key: send it in the header `Authorization: Bearer KEY`",
                {"WWW-Authenticate": "Bearer"},
            )
        name = self._keys.name_of(key.strip())
        if name is None:
            raise RefusedRequest(
                401,
                "the service does not know this API key, or no longer does: ask its owner for one",
                {"WWW-Authenticate": 'Bearer error="invalid_token"'},
            )
        return name

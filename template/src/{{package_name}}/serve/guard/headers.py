"""Headers that tell browsers and proxies to do nothing with an answer but read it."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .scopes import path

DOCUMENTATION = "/docs"

_NOTHING = "default-src 'none'; frame-ancestors 'none'"
# FastAPI's page takes Swagger's scripts from there, and starts them by a script of its own.
_SWAGGER = (
    f"{_NOTHING}; connect-src 'self'; img-src data: https://fastapi.tiangolo.com; "
    "script-src 'unsafe-inline' https://cdn.jsdelivr.net; style-src 'unsafe-inline' https://cdn.jsdelivr.net"
)


def _headers(policy: str) -> list[tuple[bytes, bytes]]:
    return [
        (b"cache-control", b"no-store"),
        (b"content-security-policy", policy.encode()),
        (b"cross-origin-resource-policy", b"same-origin"),
        (b"referrer-policy", b"no-referrer"),
        (b"x-content-type-options", b"nosniff"),
    ]


class Headers:
    """ASGI middleware that adds these headers to every answer (OWASP Secure Headers Project, REST recommendations)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._added, self._added_to_page = _headers(_NOTHING), _headers(_SWAGGER)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and add to the answer on its way back."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        added = self._added_to_page if path(scope) == DOCUMENTATION else self._added

        async def adding(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *added]
            await send(message)

        await self._app(scope, receive, adding)

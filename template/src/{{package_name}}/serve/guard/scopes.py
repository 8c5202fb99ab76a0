"""What the guard reads from a request's ASGI scope."""

from starlette.types import Scope

OPEN = ("/health/", "/metrics")
"""What the paths begin with that machines ask, and that tell nothing of anybody's rows."""


def header(scope: Scope, name: bytes) -> bytes:
    """Return the header of that name, in small letters; empty if there is none."""
    found: bytes = next((value for given, value in scope["headers"] if given == name), b"")
    return found


def path(scope: Scope) -> str:
    """Return the path as the service knows it, without what a proxy has it stand behind."""
    return str(scope["path"]).removeprefix(scope.get("root_path", ""))


def is_open(scope: Scope) -> bool:
    """Say whether anybody may ask for this path, as often as they like."""
    return path(scope).startswith(OPEN)


def client(scope: Scope) -> str:
    """Return the address that the request came from; behind a proxy, uvicorn takes it from the proxy's header."""
    return str(scope["client"][0]) if scope.get("client") else ""

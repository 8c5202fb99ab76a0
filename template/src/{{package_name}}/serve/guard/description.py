"""The OpenAPI page of what the guard answers in place of a route."""

from collections.abc import Callable
from typing import Any

from .keys import Keys
from .refusals import Sentence
from .scopes import OPEN

Page = dict[str, Any]

FAILED = {500: "The service failed"}
REFUSED = {
    408: "The request came too slowly",
    413: "The request is too large",
    429: "The client asks too often",
    503: "The answer took too long, or too many large requests are being answered",
}
WITHOUT_KEY = {401: "The request has no valid key"}
SCHEME = "key"


def with_refusals(page: Callable[[], Page], keys: Keys) -> Callable[[], Page]:
    """Make the function that writes the page with the guard's answers, and the key where one is needed."""

    def described() -> Page:
        written = page()
        components = written.setdefault("components", {})
        components.setdefault("schemas", {})[Sentence.__name__] = Sentence.model_json_schema()
        if keys.are_needed:
            components["securitySchemes"] = {SCHEME: {"type": "http", "scheme": "bearer"}}
        for path, operations in written["paths"].items():
            for operation in operations.values():
                _describe(operation, is_open=path.startswith(OPEN), needs_key=keys.are_needed)
        return written

    return described


def _describe(operation: dict[str, Any], *, is_open: bool, needs_key: bool) -> None:
    answers = FAILED if is_open else FAILED | REFUSED
    if needs_key and not is_open:
        answers = answers | WITHOUT_KEY
        operation["security"] = [{SCHEME: []}]
    schema = {"$ref": f"#/components/schemas/{Sentence.__name__}"}
    for status, meaning in answers.items():
        content = {"application/json": {"schema": schema}}
        operation["responses"].setdefault(str(status), {"description": meaning, "content": content})

"""The OpenAPI page of routes that read their own bodies."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from .champion import Champion
from .service import Service


@dataclass(frozen=True)
class Body:
    """The body of a request: what it must be, and a valid one."""

    model: type[BaseModel]
    example: Any


def with_bodies(
    app: FastAPI, service: Service, bodies: Mapping[str, Callable[[Champion], Body]]
) -> Callable[[], dict[str, Any]]:
    """Make the function that writes the page, with bodies by path that FastAPI itself does not see.

    Another model may have other ranges and categories: with it the page gets another version, and is written anew.
    """

    def page() -> dict[str, Any]:
        champion = service.champion
        version = champion.hash[:12]
        if app.openapi_schema is None or app.version != version:
            app.version = version
            app.openapi_schema = _written(app, {path: body(champion) for path, body in bodies.items()})
        return app.openapi_schema

    return page


def _written(app: FastAPI, bodies: Mapping[str, Body]) -> dict[str, Any]:
    page = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    schemas = page.setdefault("components", {}).setdefault("schemas", {})
    for path, body in bodies.items():
        name = body.model.__name__
        content = {"schema": {"$ref": f"#/components/schemas/{name}"}, "example": body.example}
        page["paths"][path]["post"]["requestBody"] = {
            "required": True,
            "content": {"application/json": content},
        }
        schema = body.model.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= schema.pop("$defs", {}) | {name: schema}
    return page

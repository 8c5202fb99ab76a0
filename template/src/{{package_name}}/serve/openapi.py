"""The OpenAPI page of a route that reads its own body."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel


def request_body(model: type[BaseModel], example: Any) -> dict[str, Any]:
    """Describe, for `openapi_extra`, a body of this model; `example` is a valid one."""
    reference = {"$ref": f"#/components/schemas/{model.__name__}"}
    content = {"application/json": {"schema": reference, "example": example}}
    return {"requestBody": {"required": True, "content": content}}


def with_models(app: FastAPI, *models: type[BaseModel]) -> Callable[[], dict[str, Any]]:
    """Make the function that writes the page with models that FastAPI itself does not see."""

    def page() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = get_openapi(
                title=app.title, version=app.version, description=app.description, routes=app.routes
            )
            schemas = app.openapi_schema.setdefault("components", {}).setdefault("schemas", {})
            for model in models:
                schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
                schemas |= schema.pop("$defs", {}) | {model.__name__: schema}
        return app.openapi_schema

    return page

"""What the service says of itself: `/health/live`, `/health/ready`, `/version` and `/metrics`."""

from typing import Literal

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel

from .answers import json
from .service import Service


class Health(BaseModel):
    """The answer of a service that can be asked."""

    status: Literal["ok"] = "ok"


class Version(BaseModel):
    """Which model answers, made of which data and code."""

    model: str
    model_sha256: str
    trained_on: str
    refused: str | None
    """Why the model that lies there now does not answer, if another one does."""


def routes(service: Service) -> APIRouter:
    """Make the routes."""
    router = APIRouter()

    @router.get("/health/live", responses={200: {"model": Health}})
    async def live() -> Response:
        """Say that the process answers: if it does not, start it anew."""
        return json(Health())

    @router.get("/health/ready", responses={200: {"model": Health}})
    async def ready() -> Response:
        """Say that requests may come: a model is loaded."""
        return json(Health())

    @router.get("/version", responses={200: {"model": Version}})
    async def version() -> Response:
        """Say which model answers."""
        champion = service.champion
        return json(Version(**champion.about, model_sha256=champion.hash, refused=service.place.refused))

    @router.get("/metrics", include_in_schema=False)
    def metrics() -> Response:
        # Not `async`: reading the system may take its time, and is done in a thread.
        return Response(service.metrics.page(), media_type=CONTENT_TYPE_LATEST)

    return router

"""What the service says of itself: `/health/live`, `/health/ready`, `/version` and `/metrics`."""

from typing import Literal

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
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
    shadow_sha256: str | None
    """The challenger that predicts beside it, if one does."""
    shadow_refused: str | None
    """Why the challenger that lies there does not predict."""


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
        champion, shadow = service.champion, service.shadow
        challenger = shadow.challenger if shadow is not None else None
        return json(
            Version(
                **champion.about,
                model_sha256=champion.hash,
                refused=service.place.refused,
                shadow_sha256=challenger.hash if challenger is not None else None,
                shadow_refused=shadow.refused if shadow is not None else None,
            )
        )

    @router.get("/metrics", include_in_schema=False)
    def metrics() -> Response:
        # Not `async`: reading the system may take its time, and is done in a thread.
        shadow = b"" if service.shadow is None else generate_latest(service.shadow.registry)
        return Response(service.metrics.page() + shadow, media_type=CONTENT_TYPE_LATEST)

    return router

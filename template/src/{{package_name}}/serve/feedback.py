"""`POST /feedback`: what really came out, by the ids of the predictions."""

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, FailFast, Field, create_model

from ..model.predictor import Signature
from ..schema import Column
from .answers import json
from .asked import read
from .champion import Champion
from .examples import example
from .openapi import Body
from .own_body import OwnBody
from .problems import Problem, Refusal
from .rows import values
from .service import Service
from .store.ids import EXAMPLE, PATTERN
from .store.records import Outcomes

MOST_OUTCOMES = 1000
"""Of one request; more go through several."""


class Accepted(BaseModel):
    """The answer to feedback that is written soon."""

    accepted: int


def body(champion: Champion) -> Body:
    """Describe the body of a request."""
    told = {"id": EXAMPLE, "outcome": example(outcome(champion.signature))}
    return Body(request_model(champion.signature), {"outcomes": [told]})


def routes(service: Service) -> APIRouter:
    """Make the route."""
    router = APIRouter(route_class=OwnBody)
    signature = service.champion.signature
    model, told = request_model(signature), outcome(signature)

    @router.post(
        "/feedback",
        status_code=202,
        responses={202: {"model": Accepted}, **{status: {"model": Refusal} for status in (404, 422, 503)}},
    )
    async def feedback(request: Request) -> Response:
        """Keep what really came out; of an outcome that is told again, the latest counts."""
        if service.store is None:
            return json(
                _refused("STORE_URL is none, so this service keeps no predictions and no outcomes"), 404
            )
        asked = read(await request.body(), model, [told])
        if isinstance(asked, Refusal):
            return json(asked, status=422)
        by_id = {item.id: _typed(item.outcome, told) for item in asked.outcomes}
        if not service.store.keep(Outcomes(by_id)):
            return json(_refused("too much waits for the store: tell the outcomes again in a minute"), 503)
        return json(Accepted(accepted=len(by_id)), status=202)

    return router


def request_model(signature: Signature) -> type[BaseModel]:
    """Make the model of a body; whether a prediction has the id is not asked, for it may still be waiting."""
    item: Any = create_model(
        "Outcome",
        id=(Annotated[str, Field(strict=True, pattern=PATTERN, examples=[EXAMPLE])], ...),
        outcome=(values(outcome(signature)), ...),
    )
    return create_model(
        "Feedback",
        __config__=ConfigDict(extra="forbid"),
        outcomes=(Annotated[list[item], Field(min_length=1, max_length=MOST_OUTCOMES), FailFast()], ...),
    )


def outcome(signature: Signature) -> Column:
    """The target as feedback tells it: a number may well lie outside the range that training saw."""
    target = signature.table.target
    bounds = None if signature.classes is None else target.range
    return target.model_copy(update={"name": "outcome", "missing": 0.0, "range": bounds})


def _typed(value: Any, column: Column) -> Any:
    return int(value) if column.type == "integer" else value


def _refused(message: str) -> Refusal:
    return Refusal(detail=[Problem(field="body", rule="stored", value=None, message=message)])

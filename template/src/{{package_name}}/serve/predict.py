"""`POST /predict`: rows in, predictions out."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field, create_model

from ..columns import Columns, length
from ..model.predictor import Prediction, Predictor
from .answers import json
from .asked import read
from .champion import Champion
from .openapi import Body
from .own_body import OwnBody
from .problems import Problem, Refusal
from .service import Service
from .store.ids import EXAMPLE, named
from .store.records import Answered

ROWS_ON_THE_LOOP = 50
"""Fewer are predicted sooner than a thread takes over; more would keep other requests waiting."""


def body(champion: Champion) -> Body:
    """Describe the body of a request."""
    return Body(champion.contract.request_model, champion.contract.example)


def routes(service: Service) -> APIRouter:
    """Make the route."""
    router = APIRouter(route_class=OwnBody)
    answer = _answer(service.champion.contract.answer_model)

    # Pydantic parses the body in one step, and the answer goes out as bytes.
    @router.post("/predict", responses={200: {"model": answer}, 422: {"model": Refusal}})
    async def predict(request: Request) -> Response:
        """Predict every row of the request, in its order."""
        champion = service.champion
        agreed = champion.contract
        asked = read(await request.body(), agreed.request_model, agreed.columns)
        if isinstance(asked, Refusal):
            return json(asked, status=422)
        columns = agreed.to_columns(asked)
        prediction = await _predict(champion.predictor, columns)
        if not prediction.is_finite.all():
            return json(no_answer(), status=422)
        service.metrics.prediction(prediction)
        request.state.rows = len(prediction.values)
        entries = named(agreed.answers(columns, prediction))
        if service.store is not None:
            answered = Answered(champion.hash, agreed.inputs(asked, columns, entries), entries)
            if not service.store.keep(answered):
                service.metrics.not_stored(len(entries))
        if service.shadow is not None:
            service.shadow.ask(champion, asked, [entry["id"] for entry in entries])
        return json(champion.about | {"predictions": entries})

    return router


async def _predict(predictor: Predictor, columns: Columns) -> Prediction:
    if length(columns) <= ROWS_ON_THE_LOOP:
        return predictor.predict(columns)
    return await run_in_threadpool(predictor.predict, columns)


def no_answer() -> Refusal:
    """Refuse rows for which the model computes no finite number."""
    rule = "values for which the model computes a finite number"
    text = f"the rows must hold {rule}: some lie too far from all that it was trained on"
    return Refusal(detail=[Problem(field="rows", rule=rule, value=None, message=text)])


def _answer(entry: type[BaseModel]) -> Any:
    name = Field(description="tells which prediction an outcome belongs to", examples=[EXAMPLE])
    named_entry: Any = create_model(entry.__name__, __base__=entry, id=(str, name))
    return create_model(
        "PredictionAnswer",
        model=(str, ...),
        trained_on=(str, ...),
        predictions=(list[named_entry], ...),
    )

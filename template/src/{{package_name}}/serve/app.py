"""The service: a model's predictions over HTTP.

    uvicorn --factory <package>.serve.app:create_app

The environment variable MODEL_PATH names the model, models/model.onnx if it is not set.
"""

from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel, ValidationError, create_model
from pydantic_core import to_json

from ..columns import Columns, length
from ..errors import ModelError
from ..model.predictor import Prediction, Predictor
from .contract import contract
from .metrics import Measured, Metrics
from .openapi import request_body, with_models
from .problems import Problem, Refusal, refusal
from .served import served_model

ROWS_ON_THE_LOOP = 50
"""Fewer are predicted sooner than a thread takes over; more would keep other requests waiting."""


class Health(BaseModel):
    """The answer of a service that is ready, and which model it serves."""

    status: str
    model: str
    trained_on: str


def create_app() -> FastAPI:
    """Load the model and build the service around it.

    Raises SystemExit, which ends the server with one sentence, if there is no usable model.
    """
    try:
        predictor = served_model()
    except (FileNotFoundError, ModelError) as error:
        raise SystemExit(str(error)) from error
    signature = predictor.signature
    agreed = contract(signature)
    metrics = Metrics(signature)
    about = {"model": signature.name, "trained_on": signature.trained_on}

    app = FastAPI(
        title=__name__.partition(".")[0],
        description=f"Predicts {signature.table.target.name}.",
        version=signature.trained_on[:12],
    )
    app.add_middleware(Measured, metrics=metrics)
    app.openapi = with_models(app, agreed.request_model)  # type: ignore[method-assign]

    # Pydantic parses the body in one step, and the answer goes out as bytes: FastAPI's own way
    # through Python objects costs more than the prediction of a row.
    @app.post(
        "/predict",
        openapi_extra=request_body(agreed.request_model, agreed.example),
        responses={200: {"model": _answer(agreed.answer_model)}, 422: {"model": Refusal}},
    )
    async def predict(request: Request) -> Response:
        """Predict every row of the request, in its order."""
        try:
            body = agreed.request_model.model_validate_json(await request.body())
        except ValidationError as error:
            return _json(refusal(error, agreed.columns), status=422)
        prediction = await _predict(predictor, agreed.to_columns(body))
        if not prediction.is_finite.all():
            return _json(_no_answer(), status=422)
        metrics.prediction(prediction)
        return _json(about | {"predictions": agreed.answers(body, prediction)})

    @app.get("/health", responses={200: {"model": Health}})
    async def health() -> Response:
        """Say that the service is ready, and which model it serves."""
        return _json({"status": "ok"} | about)

    @app.get("/metrics", include_in_schema=False)
    async def show_metrics() -> Response:
        return Response(metrics.page(), media_type=CONTENT_TYPE_LATEST)

    return app


async def _predict(predictor: Predictor, columns: Columns) -> Prediction:
    if length(columns) <= ROWS_ON_THE_LOOP:
        return predictor.predict(columns)
    return await run_in_threadpool(predictor.predict, columns)


def _no_answer() -> Refusal:
    rule = "values for which the model computes a finite number"
    text = f"the rows must hold {rule}: some lie too far from all that it was trained on"
    return Refusal(detail=[Problem(field="rows", rule=rule, value=None, message=text)])


def _answer(entry: type[BaseModel]) -> Any:
    return create_model(
        "PredictionAnswer",
        model=(str, ...),
        trained_on=(str, ...),
        predictions=(list[entry], ...),  # type: ignore[valid-type]
    )


def _json(content: Any, status: int = 200) -> Response:
    return Response(to_json(content), status_code=status, media_type="application/json")

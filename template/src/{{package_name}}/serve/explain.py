"""`POST /explain`: one row in, what each of its columns adds to the prediction out."""

from asyncio import Semaphore
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field, create_model

from ..columns import Columns
from ..errors import ModelError
from ..model.contributions import Contributions, contributions
from ..model.labels import original
from ..model.predictor import Signature
from ..schema import Column
from .answers import json
from .asked import read
from .champion import Champion
from .examples import has_time
from .openapi import Body
from .own_body import OwnBody
from .predict import no_answer
from .problems import Problem, Refusal
from .service import Service


class Contribution(BaseModel):
    """What a column adds: its value in the row, the typical one, and the difference that this makes."""

    column: str
    value: float | bool | str | None
    typical: float | bool | str | None
    contribution: float


def body(champion: Champion) -> Body:
    """Describe the body of a request."""
    return Body(champion.contract.explanation_model, champion.contract.explanation_example)


def routes(service: Service) -> APIRouter:
    """Make the route."""
    router = APIRouter(route_class=OwnBody)
    answer = _answer(service.champion.contract.answer_model, service.champion.signature)
    # Each one asks the model a thousand times: predictions must find a core that is free.
    one_by_one = Semaphore()

    @router.post(
        "/explain", responses={200: {"model": answer}, 409: {"model": Refusal}, 422: {"model": Refusal}}
    )
    async def explain(request: Request) -> Response:
        """Explain one prediction: how far each column takes it from the prediction of a typical row.

        It says how the model computes, not what would happen if the value were changed in reality.
        """
        champion = service.champion
        agreed = champion.contract
        asked = read(await request.body(), agreed.explanation_model, agreed.columns)
        if isinstance(asked, Refusal):
            return json(asked, status=422)
        row, label = agreed.explained_row(asked), agreed.explained_label(asked)
        try:
            async with one_by_one:
                found = await run_in_threadpool(contributions, champion.predictor, row, label)
        except ModelError as error:
            return json(_unable(error), status=409)
        if not found.is_finite:
            return json(no_answer(), status=422)
        (predicted,) = agreed.answers(row, found.prediction)
        return json(champion.about | predicted | _told(found, row, champion.signature))

    return router


def _told(found: Contributions, row: Columns, signature: Signature) -> dict[str, Any]:
    told = [
        {
            "column": column.name,
            "value": _plain(row[column.name][0], column),
            "typical": _plain(found.typical[column.name][0], column),
            "contribution": found.parts[column.name],
        }
        for column in signature.table.features
    ]
    label = {} if found.label is None else {"label": original(found.label, signature.table.target)}
    return label | {
        "value": found.value,
        "base": found.base,
        "exact": found.is_exact,
        "contributions": sorted(told, key=lambda entry: abs(entry["contribution"]), reverse=True),
    }


def _plain(value: Any, column: Column) -> Any:
    """A value as JSON has it; what is missing is null, and equals neither itself nor any text."""
    if value != value or value == "":
        return None
    match column.type:
        case "number":
            return float(value)
        case "integer":
            return int(value)
        case "boolean":
            return bool(value)
        case "date":
            return str(value.astype("datetime64[s]" if has_time(column) else "datetime64[D]"))
        case _:
            return value


def _unable(error: ModelError) -> Refusal:
    rule = "one that knows a typical row"
    return Refusal(detail=[Problem(field="model", rule=rule, value=None, message=str(error))])


def _answer(predicted: type[BaseModel], signature: Signature) -> type[BaseModel]:
    """What /predict says of the row, and what it is made of."""
    fields: dict[str, Any] = {
        "model": (str, ...),
        "trained_on": (str, ...),
        "value": (float, Field(description="what is explained: the number, or the probability of the label")),
        "base": (float, Field(description="the same of a typical row; contributions make the difference")),
        "exact": (bool, Field(description="whether all combinations of columns were compared, or a sample")),
        "contributions": (list[Contribution], Field(description="largest first")),
    }
    if signature.classes is not None:
        fields["label"] = (predicted.model_fields["prediction"].annotation, ...)
    return create_model("Explanation", __base__=predicted, **fields)

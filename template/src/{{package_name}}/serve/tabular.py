"""The contract of a model whose rows stand for themselves: one row in, one prediction out."""

from json import dumps
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, FailFast, Field, WithJsonSchema, create_model

from ..columns import Columns, from_rows
from ..model.labels import original
from ..model.predictor import Prediction, Signature
from ..schema import Column, Type
from .examples import example
from .rows import quoted, row_model

MOST_ROWS = 1000
"""Rows of one request; longer tables go through several requests."""


class Tabular:
    """Each row of a request is answered by a number, or by a label with probabilities."""

    def __init__(self, signature: Signature) -> None:
        target = signature.table.target
        self.columns = signature.table.features
        self._labels = {label: original(label, target) for label in signature.classes or []}
        row = row_model(self.columns)
        self.request_model = _request_model(row)
        self.example = {"rows": [{column.name: example(column) for column in self.columns}]}
        self.answer_model = _answer_model(target, signature.classes)
        self.explanation_model = _explanation_model(row, self._labels)
        self.explanation_example = self.example

    def rows_held(self, request: Any) -> int:
        """Count the rows, each of which is predicted."""
        return len(request.rows)

    def to_columns(self, request: Any) -> Columns:
        """Give a valid request the form that the model reads."""
        return from_rows([row.by_column() for row in request.rows], self.columns)

    def answers(self, columns: Columns, prediction: Prediction) -> list[dict[str, Any]]:
        """Give one entry per row, in the order of the request."""
        if prediction.probabilities is None:
            return [{"prediction": value} for value in prediction.values.tolist()]
        return [
            {
                "prediction": self._labels[str(label)],
                "probabilities": dict(zip(prediction.classes, row, strict=True)),
            }
            for label, row in zip(prediction.values, prediction.probabilities.tolist(), strict=True)
        ]

    def explained_row(self, request: Any) -> Columns:
        """Give the row the form that the model reads."""
        return self.to_columns(request)

    def explained_label(self, request: Any) -> str | None:
        """Give the class that the request asks for, if it does."""
        return request.label if self._labels else None

    def inputs(self, request: Any, columns: Columns, answers: list[dict[str, Any]]) -> list[Any]:
        """Give the rows themselves, by column."""
        rows: list[Any] = request.rows
        return rows


def contract(signature: Signature) -> Tabular:
    """Make the contract, as `serve.contract` expects it."""
    return Tabular(signature)


def _request_model(row: Any) -> type[BaseModel]:
    return create_model(
        "PredictionRequest",
        __config__=ConfigDict(extra="forbid"),
        rows=(Annotated[list[row], Field(min_length=1, max_length=MOST_ROWS), FailFast()], ...),
    )


def _explanation_model(row: Any, labels: dict[str, Any]) -> type[BaseModel]:
    fields: dict[str, Any] = {"rows": (Annotated[list[row], Field(min_length=1, max_length=1)], ...)}
    if labels:
        fields["label"] = (_label(labels), None)
    return create_model("ExplanationRequest", __config__=ConfigDict(extra="forbid"), **fields)


def _label(labels: dict[str, Any]) -> Any:
    """One of the labels, in the type of the target; the model's own text for it comes out."""
    by_json = {dumps(shown): label for label, shown in labels.items()}

    def known(value: object) -> str:
        if (label := by_json.get(dumps(value))) is None:
            raise ValueError(f"one of {quoted(labels.values())}")
        return label

    return Annotated[str, BeforeValidator(known), WithJsonSchema({"enum": list(labels.values())})]


def _answer_model(target: Column, classes: list[str] | None) -> type[BaseModel]:
    if classes is None:
        return create_model("Prediction", prediction=(float, Field(title=target.name)))
    kinds: dict[Type, Any] = {"integer": int, "boolean": bool}
    share = Annotated[float, Field(ge=0, le=1)]
    return create_model(
        "Prediction",
        prediction=(kinds.get(target.type, str), Field(title=target.name)),
        probabilities=(dict[str, share], Field(description=f"by value of {target.name}")),
    )

"""What the service asks and how it answers: the part that depends on the kind of task."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any, Protocol

from pydantic import BaseModel

from ..columns import Columns
from ..model.predictor import Prediction, Signature
from ..schema import Column


class Contract(Protocol):
    """How the body of a request becomes columns, and a prediction an answer."""

    @property
    def request_model(self) -> type[BaseModel]:
        """What the body of a request must be."""

    @property
    def example(self) -> dict[str, Any]:
        """A body that the model answers, for the OpenAPI page."""

    @property
    def answer_model(self) -> type[BaseModel]:
        """What one entry of the answer's `predictions` looks like."""

    @property
    def columns(self) -> list[Column]:
        """The columns that a row of the request may have."""

    @property
    def explanation_model(self) -> type[BaseModel]:
        """What the body of a request must be that asks to explain one prediction."""

    @property
    def explanation_example(self) -> dict[str, Any]:
        """Such a body, for the OpenAPI page."""

    def rows_held(self, request: Any) -> int:
        """How many rows a valid request holds in memory, which may be more than it asks to predict."""

    def to_columns(self, request: Any) -> Columns:
        """Give a valid request the form that the model reads."""

    def answers(self, columns: Columns, prediction: Prediction) -> list[dict[str, Any]]:
        """Give one entry per prediction, ready for JSON."""

    def explained_row(self, request: Any) -> Columns:
        """Give the one row that is to be explained the form that the model reads."""

    def explained_label(self, request: Any) -> str | None:
        """Give the class that is to be explained; None for the predicted one, or where there are no classes."""

    def inputs(self, request: Any, columns: Columns, answers: list[dict[str, Any]]) -> Sequence[Any]:
        """What each entry was made from, as the store keeps it: anything that pydantic can write as JSON."""


def contract(signature: Signature) -> Contract:
    """Find the contract of a model: one of rows, unless the model reads windows of history."""
    module = "tabular" if signature.windows is None else "history"
    made: Contract = import_module(f".{module}", __package__).contract(signature)
    return made

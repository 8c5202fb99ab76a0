"""The scorer of a model whose rows stand for themselves: one row in, one prediction out."""

from typing import Any

import polars as pl

from ..errors import DataError
from ..model.labels import original
from ..model.predictor import Prediction, Predictor
from .examples import example
from .rules import OVERFLOW, as_the_model_reads, hold, refused

PREDICTION = "prediction"


class ByRow:
    """Each row keeps its columns and gets a number, or a label with probabilities."""

    def __init__(self, predictor: Predictor) -> None:
        signature = predictor.signature
        target = signature.table.target
        self.columns = signature.table.features
        self._predictor = predictor
        self._labels = {label: original(label, target) for label in signature.classes or []}
        kinds = {"integer": pl.Int64(), "boolean": pl.Boolean()}
        is_number = signature.classes is None
        self._made: dict[str, pl.DataType] = {
            PREDICTION: pl.Float64() if is_number else kinds.get(target.type, pl.String()),
            **{f"probability of {label}": pl.Float64() for label in self._labels},
        }

    def check_names(self, present: list[str]) -> None:
        """Raise DataError if the file already has a column that the predictions get."""
        if taken := [name for name in present if name in self._made]:
            raise DataError(f"the input has a column '{taken[0]}', as the predictions do: rename it")

    def part(self, batch: pl.DataFrame, decimal: str, first: int) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The accepted rows with their predictions, and the refused ones with their rules."""
        fits, broken = hold(batch, self.columns, decimal, first)
        accepted = batch.filter(fits)
        if accepted.is_empty():
            return accepted.with_columns(
                pl.lit(None, kind).alias(name) for name, kind in self._made.items()
            ), broken
        prediction = self._predictor.predict(as_the_model_reads(accepted, self.columns, decimal))
        finite = pl.Series(prediction.is_finite)
        overflows = pl.repeat(False, len(batch), eager=True).scatter(fits.arg_true().filter(~finite), True)
        predicted = accepted.hstack(self._answers(prediction)).filter(finite)
        return predicted, pl.concat([broken, refused(overflows, first, OVERFLOW)]).sort(
            "row", maintain_order=True
        )

    def result(self, parts: pl.LazyFrame, source: str) -> pl.LazyFrame:
        """The parts, one after another."""
        return parts

    def example(self) -> list[dict[str, Any]]:
        """A row that the model answers."""
        return [{column.name: example(column) for column in self.columns}]

    def _answers(self, prediction: Prediction) -> pl.DataFrame:
        answers: dict[str, Any] = {PREDICTION: prediction.values}
        if prediction.probabilities is not None:
            answers[PREDICTION] = [self._labels[str(label)] for label in prediction.values]
            answers |= dict(zip(list(self._made)[1:], prediction.probabilities.T, strict=True))
        return pl.DataFrame(answers, schema=self._made)


def scorer(predictor: Predictor) -> ByRow:
    """Make the scorer, as `serve.score` expects it."""
    return ByRow(predictor)

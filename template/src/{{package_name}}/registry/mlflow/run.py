"""The pipeline's run as MLflow keeps it: parameters, metrics, pages, and the model with its signature."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import mlflow
import numpy as np
import onnx
import polars as pl
from mlflow.models import ModelSignature
from mlflow.types import Schema, TensorSpec
from numpy.typing import NDArray

from ... import paths
from ...columns import from_frame
from ...config import Config
from ...features import features
from ...files import read_json
from ...model.predictor import Predictor, model_inputs
from ...report.gate import verdicts
from ..dvc_files import md5
from ..git import head
from .connection import experiment

COMMIT = "mlflow.source.git.commit"
"""The tag in which MLflow looks for the commit."""

MODEL = "model"
"""The tag that tells which model the run made."""

PAGES = (paths.MODEL_CARD, paths.PAGE, paths.EVALUATION_REPORT, paths.TRAINING_REPORT, paths.DATA_REPORT)
FOLDERS = (paths.FIGURES, paths.PLOTS)
LIBRARIES = ("numpy", "onnx", "onnxruntime")

EXAMPLES = 3
"""Rows that are kept with the model to show what it takes."""


@dataclass(frozen=True)
class Run:
    """A run, and the address of its model."""

    run: str
    model: str


def log(config: Config, name: str) -> Run:
    """Log what the pipeline made under the experiment of that name, where MLflow was told to keep it.

    Reads   the reports, the pages, the figures and the model that the stages before have written.
    """
    evaluation = read_json(paths.EVALUATION_REPORT)
    with mlflow.start_run(
        experiment_id=experiment(name), run_name=evaluation["model"], tags=tags(config, evaluation)
    ) as run:
        mlflow.log_params(parameters(config))
        mlflow.log_metrics(metrics(evaluation, read_json(paths.TRAINING_REPORT), read_json(paths.METRICS)))
        for page in PAGES:
            mlflow.log_artifact(str(page))
        for folder in FOLDERS:
            mlflow.log_artifacts(str(folder), folder.name)
        logged = mlflow.onnx.log_model(
            onnx.load(paths.SERVED_MODEL),
            name="model",
            signature=signature(),
            input_example=example(),
            # Given, since MLflow would take seconds to find out.
            pip_requirements=[f"{name}=={version(name)}" for name in LIBRARIES],
            onnx_execution_providers=["CPUExecutionProvider"],
            # In one file, byte for byte the one that was measured.
            save_as_external_data=False,
        )
    return Run(run.info.run_id, logged.model_uri)


def tags(config: Config, evaluation: dict[str, Any]) -> dict[str, str]:
    """What tells this run from others, beside its parameters."""
    missed = [one for one in verdicts(evaluation, config.objectives) if one.state == "fail"]
    found = {
        MODEL: md5(paths.SERVED_MODEL),
        "data": evaluation["trained_on"],
        "gate": "missed" if missed else "passed",
    }
    # The commit that it was started from; `poe register` puts the one that holds it in its place.
    start = head()
    return found | ({COMMIT: start} if start else {})


def parameters(config: Config) -> dict[str, str]:
    """Every setting that has a part in the model and its verdict, by its dotted name."""
    settings = config.model_dump(mode="json", exclude={"card", "monitor", "tracking"})
    return dict(_flat(settings))


def metrics(
    evaluation: dict[str, Any], training: dict[str, Any], summary: dict[str, Any]
) -> dict[str, float]:
    """What `dvc metrics` shows; each metric's interval, training value and baseline; each candidate's score."""
    found = dict(summary)
    for name, metric in evaluation["metrics"].items():
        found |= {f"{name}.{part}": metric[part] for part in ("low", "high", "train", "baseline")}
    found |= {f"cross_validation.{one['name']}": one["mean"] for one in training["candidates"]}
    return {name: float(value) for name, value in found.items() if value is not None}


def signature() -> ModelSignature:
    """What the model takes and gives, as its file says."""
    graph = onnx.load(paths.SERVED_MODEL).graph
    return ModelSignature(
        inputs=Schema([_tensor(value) for value in graph.input]),
        outputs=Schema([_tensor(value) for value in graph.output]),
    )


def example() -> dict[str, NDArray[Any]] | None:
    """A few test rows in the form that the model takes; None if every row lacks a number, which JSON cannot say."""
    seen = features(from_frame(pl.read_parquet(paths.TEST)))
    blocks = model_inputs(seen, Predictor(paths.SERVED_MODEL).signature)
    numbers = [block for block in blocks.values() if block.dtype != object]
    complete = np.flatnonzero(~np.isnan(np.hstack(numbers)).any(axis=1)) if numbers else np.arange(EXAMPLES)
    rows = complete[:EXAMPLES]
    return {name: block[rows] for name, block in blocks.items()} if len(rows) else None


def _tensor(value: Any) -> TensorSpec:
    tensor = value.type.tensor_type
    sizes = [dimension.dim_value or -1 for dimension in tensor.shape.dim]
    return TensorSpec(np.dtype(onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type)), sizes, value.name)


def _flat(settings: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for key, value in settings.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value if isinstance(value, str) else json.dumps(value)

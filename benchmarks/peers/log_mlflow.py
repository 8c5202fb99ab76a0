"""Writes both models of a project as MLflow's: python log_mlflow.py PROJECT FOLDER."""

import sys
from pathlib import Path

import mlflow.onnx
import mlflow.sklearn
import onnx
import skops.io
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema, TensorSpec
from numpy import dtype

project, folder = map(Path, sys.argv[1:])
fitted = project / "models/model.skops"
numbers = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]
columns = [ColSpec("double", name) for name in numbers]
columns += [ColSpec("string", name) for name in ("island", "sex")]
mlflow.sklearn.save_model(
    skops.io.load(fitted, trusted=skops.io.get_untrusted_types(file=fitted)),
    folder / "sklearn",
    signature=ModelSignature(Schema(columns)),
    pyfunc_predict_fn="predict_proba",
    serialization_format="cloudpickle",
    pip_requirements=["scikit-learn"],
)
tensors = [
    TensorSpec(dtype("float32"), (-1, 4), "numbers"),
    TensorSpec(dtype("str"), (-1, 2), "categories"),
]
mlflow.onnx.save_model(
    onnx.load(project / "models/model.onnx"),
    folder / "onnx",
    signature=ModelSignature(Schema(tensors)),
    onnx_execution_providers=["CPUExecutionProvider"],
    onnx_session_options={"intra_op_num_threads": 1, "inter_op_num_threads": 1},
    pip_requirements=["onnxruntime"],
)

"""What the export has to know of the network."""

from typing import Any, ClassVar

import numpy as np
from onnx import TensorProto
from skl2onnx import update_registered_converter
from skl2onnx.common.shape_calculator import (
    calculate_linear_classifier_output_shapes,
    calculate_linear_regressor_output_shapes,
)

from .network import Network, NetworkClassifier, NetworkRegressor


class NetworkExport:
    """A network is arrays, which skops keeps as they are; in ONNX each layer is a Gemm and a Relu."""

    trusted: ClassVar[tuple[str, ...]] = tuple(
        f"{kind.__module__}.{kind.__name__}" for kind in (NetworkClassifier, NetworkRegressor)
    )

    def register(self) -> None:
        """Teach skl2onnx to convert it."""
        update_registered_converter(
            NetworkClassifier,
            "NetworkClassifier",
            calculate_linear_classifier_output_shapes,
            _convert_classifier,
            options={"nocl": [True, False], "zipmap": [True, False, "columns"]},
        )
        update_registered_converter(
            NetworkRegressor,
            "NetworkRegressor",
            calculate_linear_regressor_output_shapes,
            _convert_regressor,
        )


def _convert_classifier(scope: Any, operator: Any, container: Any) -> None:
    label, probabilities = operator.output_full_names
    classes, likeliest = (scope.get_unique_variable_name(name) for name in ("classes", "likeliest"))
    names = [str(name).encode() for name in operator.raw_operator.classes_]
    said = _layers(scope, operator, container)
    container.add_node("Softmax", said, probabilities, axis=1, op_version=13)
    container.add_initializer(classes, TensorProto.STRING, [len(names)], names)
    container.add_node("ArgMax", said, likeliest, axis=1, keepdims=0, op_version=13)
    container.add_node("Gather", [classes, likeliest], label, axis=0, op_version=13)


def _convert_regressor(scope: Any, operator: Any, container: Any) -> None:
    said = _layers(scope, operator, container)
    container.add_node("Identity", said, operator.output_full_names, op_version=13)


def _layers(scope: Any, operator: Any, container: Any) -> str:
    """Add a Gemm for each layer and a Relu between two; return the name of what the last one says."""
    network: Network = operator.raw_operator
    flow: str = operator.input_full_names[0]
    for number, (weights, biases) in enumerate(zip(network.weights_, network.biases_, strict=True)):
        if number:
            flow = _node("Relu", [flow], scope, container)
        given = [_array(values, scope, container) for values in (weights, biases)]
        flow = _node("Gemm", [flow, *given], scope, container)
    return flow


def _node(kind: str, inputs: list[str], scope: Any, container: Any) -> str:
    name: str = scope.get_unique_variable_name(kind.lower())
    container.add_node(kind, inputs, name, op_version=13)
    return name


def _array(values: np.ndarray[Any, Any], scope: Any, container: Any) -> str:
    name: str = scope.get_unique_variable_name("parameters")
    container.add_initializer(name, TensorProto.FLOAT, values.shape, values.ravel())
    return name

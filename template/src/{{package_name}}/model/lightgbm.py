"""What the export has to know of LightGBM."""

from typing import Any, ClassVar

import numpy as np
from lightgbm import LGBMClassifier, LGBMRegressor
from onnxmltools.convert.lightgbm.operator_converters.LightGbm import convert_lightgbm
from skl2onnx import update_registered_converter
from skl2onnx.common.shape_calculator import (
    calculate_linear_classifier_output_shapes,
    calculate_linear_regressor_output_shapes,
)


class LightGBM:
    """LightGBM's models keep their trees as text; onnxmltools turns them into ONNX."""

    trusted: ClassVar[tuple[str, ...]] = (
        "collections.OrderedDict",
        "lightgbm.basic.Booster",
        "lightgbm.sklearn.LGBMClassifier",
        "lightgbm.sklearn.LGBMRegressor",
    )

    def register(self) -> None:
        """Teach skl2onnx to convert them."""
        update_registered_converter(
            LGBMClassifier,
            "LightGbmLGBMClassifier",
            calculate_linear_classifier_output_shapes,
            _convert,
            options={"nocl": [True, False], "zipmap": [True, False, "columns"]},
        )
        update_registered_converter(
            LGBMRegressor,
            "LightGbmLGBMRegressor",
            calculate_linear_regressor_output_shapes,
            _convert,
            options={"split": None},
        )


class _RoundedDown:
    """A container of ONNX nodes that keeps thresholds as the largest float32 below them.

    ONNX compares in float32. A threshold that is rounded up to a value of the rows would send that value to the
    other side of the split; rounded down, every float32 stays where LightGBM has put it.
    """

    def __init__(self, container: Any) -> None:
        self._container = container

    def __getattr__(self, name: str) -> Any:
        return getattr(self._container, name)

    def add_node(self, *arguments: Any, **attributes: Any) -> None:
        """Add a node, as the container does."""
        if "nodes_values" in attributes:
            exact = np.asarray(attributes["nodes_values"], dtype=np.float64)
            near = exact.astype(np.float32)
            below = np.nextafter(near, np.float32(-np.inf))
            attributes["nodes_values"] = np.where(near > exact, below, near).tolist()
        self._container.add_node(*arguments, **attributes)


def _convert(scope: Any, operator: Any, container: Any) -> None:
    convert_lightgbm(scope, operator, _RoundedDown(container))

"""The same model behind BentoML, in the event loop, where its single rows are fastest."""

import os
from typing import Any

import bentoml
import numpy as np
import onnxruntime


@bentoml.service(workers=1)
class Penguins:
    """One session of ONNX Runtime with one thread, as the service has it."""

    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(os.environ["MODEL"], options)

    @bentoml.api
    async def predict(
        self, numbers: list[list[float]], categories: list[list[str]]
    ) -> dict[str, list[Any]]:
        """Predict every row."""
        rows = {
            "numbers": np.array(numbers, np.float32),
            "categories": np.array(categories, object),
        }
        labels, probabilities = self._session.run(None, rows)
        return {"prediction": labels.tolist(), "probabilities": probabilities.tolist()}

"""A neural network for tables with scikit-learn's interface: PyTorch trains it, NumPy predicts with it."""

from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data


class Network(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Fully connected layers of rectified units, with dropout, trained by AdamW (Loshchilov and Hutter 2019).

    A part of the rows is set apart; training stops when the loss on them no longer falls, and the weights of the
    best epoch are kept (Prechelt 1998). The same rows, settings and threads give the same network on a processor;
    a GPU may differ in the last digits.

    layers, width        hidden layers, and units in each
    dropout              share of the units that is left out at random in each step of training
    weight_decay         how strongly weights are pulled towards zero
    batch_size           rows per step
    epochs               passes over the rows, at most
    patience, tolerance  training stops when the loss has not fallen by `tolerance` in so many epochs
    validation_fraction  share of the rows that is set apart; with 0 the loss on all rows decides
    chronological        whether the last rows are set apart, as fits rows in the order of time, or random ones
    device               `auto` takes a GPU where there is one; else PyTorch's name of a device, such as `cpu`
    threads              on the processor
    checkpoint           folder that keeps each epoch, so that an interrupted training goes on from there

    After fitting: `weights_` and `biases_`, float32, (inputs, outputs) and (outputs,) per layer; `losses_`, on the
    rows set apart, per epoch; `n_iter_`, the number of epochs.
    """

    loss: ClassVar[str]
    """Name in torch.nn.functional."""

    def __init__(
        self,
        *,
        layers: int = 2,
        width: int = 64,
        dropout: float = 0.1,
        learning_rate: float = 0.003,
        weight_decay: float = 0.01,
        batch_size: int = 64,
        epochs: int = 300,
        patience: int = 20,
        tolerance: float = 0.001,
        validation_fraction: float = 0.15,
        chronological: bool = False,
        device: str = "auto",
        threads: int = 1,
        checkpoint: str | None = None,
        random_state: int = 0,
    ) -> None:
        self.layers = layers
        self.width = width
        self.dropout = dropout
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.batch_size = batch_size
        self.epochs = epochs
        self.patience = patience
        self.tolerance = tolerance
        self.validation_fraction = validation_fraction
        self.chronological = chronological
        self.device = device
        self.threads = threads
        self.checkpoint = checkpoint
        self.random_state = random_state

    def _learn(self, rows: NDArray[np.float32], target: NDArray[Any], outputs: int) -> None:
        """Train, and keep the result as arrays."""
        # Whoever only predicts, or reads the configuration, does not wait for PyTorch.
        from .network_training import train_network

        trained = train_network(self, rows, target, outputs)
        self.weights_ = trained.weights
        self.biases_ = trained.biases
        self.losses_ = np.array(trained.losses)
        self.n_iter_ = len(trained.losses)

    def _outputs(self, X: Any) -> NDArray[np.float64]:  # noqa: N803 - scikit-learn's name
        """What the last layer says of each row."""
        check_is_fitted(self)
        flow: NDArray[np.float64] = validate_data(self, X, dtype=np.float64, reset=False)
        *hidden, last = zip(self.weights_, self.biases_, strict=True)
        for weights, biases in hidden:
            flow = np.maximum(flow @ weights + biases, 0)
        return flow @ last[0] + last[1]


class NetworkClassifier(ClassifierMixin, Network):  # type: ignore[misc]
    """A network with an output per class."""

    loss = "cross_entropy"

    def fit(self, X: Any, y: Any) -> Self:  # noqa: N803
        """Learn from rows, all of them numbers, and a label for each."""
        rows, labels = validate_data(self, X, y, dtype=np.float32)
        check_classification_targets(labels)
        self.classes_, numbers = np.unique(labels, return_inverse=True)
        self._learn(rows, numbers.astype(np.int64), len(self.classes_))
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        """The probability of each class: rows by classes."""
        return np.asarray(softmax(self._outputs(X), axis=1))

    def predict(self, X: Any) -> NDArray[Any]:  # noqa: N803
        """The most likely class of each row."""
        likeliest = self._outputs(X).argmax(axis=1)
        return np.asarray(self.classes_[likeliest])


class NetworkRegressor(RegressorMixin, Network):  # type: ignore[misc]
    """A network with one output, for numbers of any size."""

    loss = "mse_loss"

    def fit(self, X: Any, y: Any) -> Self:  # noqa: N803
        """Learn from rows, all of them numbers, and a number for each."""
        rows, numbers = validate_data(self, X, y, dtype=np.float32, y_numeric=True)
        mean, spread = float(np.mean(numbers)), float(np.std(numbers)) or 1.0
        target = (np.asarray(numbers, dtype=np.float64) - mean) / spread
        self._learn(rows, target.astype(np.float32).reshape(-1, 1), 1)
        # The network has learned in standard deviations; its last layer now answers in the target's unit.
        self.weights_[-1] = (self.weights_[-1] * spread).astype(np.float32)
        self.biases_[-1] = (self.biases_[-1] * spread + mean).astype(np.float32)
        return self

    def predict(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        """A number for each row."""
        return self._outputs(X)[:, 0]

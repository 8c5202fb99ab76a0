"""The training of a network, epoch by epoch, which goes on where it was interrupted."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from multiprocessing import parent_process
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from tqdm import tqdm

from ..errors import ConfigurationError
from ..files import content_hash, whole
from .network import Network

log = logging.getLogger(__name__)

KEPT = 20
"""Checkpoints that stay in the folder: enough for the folds of cross-validation and the last fit."""

AT_ONCE = 65536
"""Rows that are judged in one go, so that memory does not grow with the table."""


@dataclass(frozen=True)
class Trained:
    """A network after training: arrays per layer, and the loss after each epoch."""

    weights: list[NDArray[np.float32]]
    biases: list[NDArray[np.float32]]
    losses: list[float]


def train_network(
    settings: Network, rows: NDArray[np.float32], target: NDArray[Any], outputs: int
) -> Trained:
    """Train until the loss on the rows set apart no longer falls; the weights are those of the best epoch.

    rows    rows by inputs, scaled
    target  numbers of classes, int64, or numbers in one column, float32

    Raises ConfigurationError if the loss is no number from the first epoch on.
    """
    apart = set_apart(target, settings)
    store = checkpoint(Path(settings.checkpoint), settings, rows, target) if settings.checkpoint else None
    with _computing(settings) as device:
        training = Training(settings, rows.shape[1], outputs, device)
        table, truth = torch.from_numpy(rows).to(device), torch.from_numpy(target).to(device)
        learned = torch.from_numpy(np.flatnonzero(~apart)).to(device)
        # Where there are too few rows to spare any, those that are learned from say when to stop.
        judged = torch.from_numpy(np.flatnonzero(apart)).to(device) if apart.any() else learned
        if store is not None and store.exists():
            training.load(store)
            log.info("%d epochs of the network were done before: %s", len(training.losses), store)
        for _ in _shown(training, settings):
            training.epoch(table, truth, learned, judged)
            if store is not None:
                training.save(store)
        if store is not None:
            _tidy(store.parent)
        return training.best()


class Training:
    """A network on its way: weights, the optimiser's memory, the loss of each epoch, and the best weights."""

    def __init__(self, settings: Network, inputs: int, outputs: int, device: torch.device) -> None:
        torch.manual_seed(settings.random_state)
        self._settings = settings
        self._device = device
        self._network = layers(settings, inputs, outputs).to(device)
        self._optimizer = torch.optim.AdamW(
            self._network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
        )
        self._loss: Callable[[Tensor, Tensor], Tensor] = getattr(nn.functional, settings.loss)
        self._best: dict[str, Tensor] = {}
        self.losses: list[float] = []

    @property
    def done(self) -> bool:
        """Whether the epochs are used up, the loss is no number any more, or it has not fallen for long enough."""
        if len(self.losses) >= self._settings.epochs or float("inf") in self.losses:
            return True
        recent = self.losses[-self._settings.patience :]
        before = self.losses[: -self._settings.patience]
        return bool(before) and min(recent) > min(before) - self._settings.tolerance

    def epoch(self, table: Tensor, truth: Tensor, learned: Tensor, judged: Tensor) -> None:
        """Learn once from each row of `learned`, in random batches; then measure the loss on `judged`."""
        # A seed per epoch: one that follows a checkpoint draws what it would have drawn without interruption.
        torch.manual_seed(self._settings.random_state + 1 + len(self.losses))
        self._network.train()
        order = learned[torch.randperm(len(learned), device=self._device)]
        for batch in torch.split(order, self._settings.batch_size):
            self._optimizer.zero_grad()
            self._loss(self._network(table[batch]), truth[batch]).backward()  # type: ignore[no-untyped-call]
            self._optimizer.step()
        self._judge(table, truth, judged)

    @torch.inference_mode()
    def _judge(self, table: Tensor, truth: Tensor, judged: Tensor) -> None:
        self._network.eval()
        sums = [
            self._loss(self._network(table[part]), truth[part]).item() * len(part)
            for part in torch.split(judged, AT_ONCE)
        ]
        mean = sum(sums) / len(judged)
        self.losses.append(mean if np.isfinite(mean) else float("inf"))
        if int(np.argmin(self.losses)) == len(self.losses) - 1:
            self._best = {name: value.clone() for name, value in self._network.state_dict().items()}

    def save(self, path: Path) -> None:
        """Keep the state as tensors and numbers."""
        state = {
            "network": self._network.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "best": self._best,
            "losses": self.losses,
        }
        with whole(path) as part:
            torch.save(state, part)

    def load(self, path: Path) -> None:
        """Take up the state that was kept; a file with anything but tensors and numbers is refused."""
        state = torch.load(path, map_location=self._device, weights_only=True)
        self._network.load_state_dict(state["network"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._best, self.losses = state["best"], state["losses"]

    def best(self) -> Trained:
        """The weights of the epoch with the lowest loss.

        Raises ConfigurationError if no epoch had a loss that is a number.
        """
        if not np.isfinite(min(self.losses)):
            raise ConfigurationError(
                "the network's loss is no number from the first epoch on, as happens when its steps are too "
                "long: lower learning_rate in conf/model/network.yaml"
            )
        self._network.load_state_dict(self._best)
        linear = [layer for layer in self._network if isinstance(layer, nn.Linear)]
        return Trained(
            [layer.weight.detach().cpu().numpy().T.copy() for layer in linear],
            [layer.bias.detach().cpu().numpy().copy() for layer in linear],
            self.losses,
        )


def layers(settings: Network, inputs: int, outputs: int) -> nn.Sequential:
    """The untrained network."""
    sizes = [inputs, *[settings.width] * settings.layers]
    hidden = [
        layer
        for before, after in pairwise(sizes)
        for layer in (nn.Linear(before, after), nn.ReLU(), nn.Dropout(settings.dropout))
    ]
    return nn.Sequential(*hidden, nn.Linear(sizes[-1], outputs))


def set_apart(target: NDArray[Any], settings: Network) -> NDArray[np.bool_]:
    """The rows that are not learned from: the last ones, or random ones with the same share of every class."""
    share, rows = settings.validation_fraction, len(target)
    apart = np.zeros(rows, dtype=bool)
    if settings.chronological:
        apart[rows - int(share * rows) :] = True
        return apart
    order = np.random.default_rng(settings.random_state).permutation(rows)
    classes = target if target.dtype == np.int64 else np.zeros(rows, dtype=np.int64)
    for number in np.unique(classes):
        members = order[classes[order] == number]
        apart[members[: int(share * len(members))]] = True
    return apart


def checkpoint(folder: Path, settings: Network, rows: NDArray[np.float32], target: NDArray[Any]) -> Path:
    """The file of this very training: its name changes with all on which the result depends."""
    given = {name: value for name, value in settings.get_params().items() if name != "checkpoint"}
    code = content_hash(Path(__file__))
    digest = sha256(repr((torch.__version__, code, settings.loss, given, rows.shape)).encode())
    for array in (rows, target):
        digest.update(np.ascontiguousarray(array).data)
    return folder / f"{digest.hexdigest()[:20]}.pt"


def _shown(training: Training, settings: Network) -> Iterator[None]:
    """Once per epoch that is still to come; a bar shows them on a terminal if they take long."""
    # The processes of `poe tune` would write their bars over each other.
    hidden = True if parent_process() is not None else None
    before = len(training.losses)
    with tqdm(total=settings.epochs, initial=before, delay=2, leave=False, disable=hidden) as bar:
        while not training.done:
            yield
            bar.set_postfix(loss=training.losses[-1], best=min(training.losses), refresh=False)
            bar.update()


@contextmanager
def _computing(settings: Network) -> Iterator[torch.device]:
    """The device to compute on; random numbers and threads are afterwards as they were."""
    name = settings.device
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    threads = torch.get_num_threads()
    torch.set_num_threads(settings.threads)
    try:
        with torch.random.fork_rng():
            yield torch.device(name)
    finally:
        torch.set_num_threads(threads)


def _tidy(folder: Path) -> None:
    """Remove all but the newest checkpoints."""
    # Another process may tidy at the same time.
    with suppress(FileNotFoundError):
        for old in sorted(folder.glob("*.pt"), key=lambda path: path.stat().st_mtime)[:-KEPT]:
            old.unlink()

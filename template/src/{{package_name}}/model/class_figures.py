"""Pictures of a classifier's test: confusion and reliability."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .figures import ACCENT, GRID, QUIET, canvas, save, shorten


def draw_confusion(counts: NDArray[np.int64], names: list[str], path: Path) -> None:
    """Counts of actual (rows) and predicted classes (columns), shaded by the share of the actual class."""
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    size = max(3.6, 1.6 + 0.55 * len(names))
    ticks = [shorten(name, 14) for name in names]
    figure, axes = canvas(size + 0.8, size, left=0.5 + 0.085 * max(map(len, ticks)))
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    if len(names) <= 20:
        for row, column in np.ndindex(counts.shape):
            colour = "white" if shares[row, column] > 0.5 else "#1f2933"
            axes.text(column, row, str(counts[row, column]), ha="center", va="center", color=colour)
    axes.set_xticks(range(len(names)), ticks, rotation=0 if len(names) < 6 else 90)
    axes.set_yticks(range(len(names)), ticks)
    axes.set_xlabel("predicted")
    axes.set_ylabel("actual")
    axes.set_title("Confusion, test rows", loc="left")
    save(figure, path)


def draw_reliability(bins: list[dict[str, Any]], path: Path) -> None:
    """The share that is right in each bin of confidence; larger dots stand for more rows."""
    figure, axes = canvas(4.6, 4.0)
    axes.plot([0, 1], [0, 1], color=QUIET, linestyle="--", linewidth=1)
    axes.scatter(
        [b["confidence"] for b in bins],
        [b["accuracy"] for b in bins],
        s=[20 + 200 * b["rows"] / sum(b["rows"] for b in bins) for b in bins],
        color=ACCENT,
        zorder=3,
    )
    axes.grid(color=GRID)
    axes.set_xlim(0, 1.03)
    axes.set_ylim(0, 1.03)
    axes.set_xlabel("confidence of the model")
    axes.set_ylabel("share that is right")
    axes.set_title("Calibration, test rows", loc="left")
    save(figure, path)

"""Pictures of a test of predicted numbers: agreement and residuals."""

from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from .figures import ACCENT, GRID, QUIET, canvas, save


def draw_agreement(truth: NDArray[Any], values: NDArray[Any], path: Path) -> None:
    """One dot per row; the dashed line is where both are equal."""
    figure, axes = canvas(4.8, 4.4)
    ends = [min(truth.min(), values.min()), max(truth.max(), values.max())]
    axes.plot(ends, ends, color=QUIET, linestyle="--", linewidth=1)
    axes.scatter(truth, values, s=16, color=ACCENT, alpha=0.7)
    axes.grid(color=GRID)
    axes.set_xlabel("actual")
    axes.set_ylabel("predicted")
    axes.set_title("Predicted against actual, test rows", loc="left")
    save(figure, path)


def draw_residuals(residuals: NDArray[Any], path: Path) -> None:
    """Histogram of actual minus predicted."""
    figure, axes = canvas(4.8, 3.6)
    axes.hist(residuals, bins="auto", color=ACCENT)
    axes.axvline(0, color=QUIET, linestyle="--", linewidth=1)
    axes.grid(axis="y", color=GRID)
    axes.set_xlabel("actual minus predicted")
    axes.set_ylabel("rows")
    axes.set_title("Residuals, test rows", loc="left")
    save(figure, path)

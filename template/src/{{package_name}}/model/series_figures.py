"""Pictures of a test of forecasts: the series, and the error by step."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .figures import ACCENT, GRID, INK, QUIET, SECOND, canvas, save


def draw_forecasts(
    dates: NDArray[Any], truth: NDArray[Any], values: NDArray[Any], origins: NDArray[Any], path: Path
) -> None:
    """The actual values, and one line of forecasts for each origin."""
    figure, axes = canvas(8.0, 4.0)
    axes.plot(dates, truth, color=INK, linewidth=1.2, label="actual")
    for place, origin in enumerate(np.unique(origins)):
        rows = origins == origin
        colour = ACCENT if place % 2 else SECOND
        label = ("forecast", "forecast from the next origin")[place] if place < 2 else None
        axes.plot(dates[rows], values[rows], color=colour, linewidth=1.6, alpha=0.9, label=label)
    axes.grid(color=GRID)
    axes.legend(frameon=False)
    axes.set_title("Forecasts, test origins", loc="left")
    save(figure, path)


def draw_horizon(model: list[dict[str, Any]], naive: list[dict[str, Any]], path: Path) -> None:
    """Mean absolute error by step, of the model and of the seasonal naive forecast."""
    figure, axes = canvas(5.2, 3.6)
    for rows, colour, label in ((model, ACCENT, "model"), (naive, QUIET, "seasonal naive")):
        axes.plot(
            [row["step"] for row in rows], [row["mae"] for row in rows], marker="o", color=colour, label=label
        )
    axes.set_ylim(bottom=0)
    axes.grid(color=GRID)
    axes.legend(frameon=False)
    axes.set_xlabel("step")
    axes.set_ylabel("mean absolute error")
    axes.set_title("Error by step, test origins", loc="left")
    save(figure, path)

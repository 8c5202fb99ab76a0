"""Pictures for the model card and the report, in one style."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK, QUIET, ACCENT, SECOND, GRID = "#1f2933", "#7b8794", "#0b6e99", "#e07a2f", "#e4e7eb"


def canvas(width: float = 6.4, height: float = 4.0, left: float = 0.75) -> tuple[Figure, Axes]:
    """A figure with one pair of axes in the house style; sizes and the left margin in inches.

    The margins are fixed: fitting them to the labels costs as much as all the drawing.
    """
    figure = Figure(figsize=(width, height), dpi=120, facecolor="white")
    figure.subplots_adjust(
        left=left / width, right=1 - 0.15 / width, bottom=0.55 / height, top=1 - 0.4 / height
    )
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(QUIET)
    axes.tick_params(colors=INK, labelsize=9)
    axes.set_axisbelow(True)
    axes.title.set_fontsize(11)
    return figure, axes


def save(figure: Figure, path: Path) -> None:
    """Write a PNG without the date and version that would make equal pictures differ."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Software": None})


def bars(
    path: Path,
    title: str,
    label: str,
    names: Sequence[str],
    values: Sequence[float],
    errors: Sequence[float] = (),
) -> None:
    """Horizontal bars, the first on top, with error bars where given."""
    labels = [shorten(name) for name in names]
    figure, axes = canvas(height=1.2 + 0.34 * len(names), left=0.25 + 0.085 * max(map(len, labels)))
    places = range(len(names))
    axes.barh(
        places,
        values,
        color=ACCENT,
        height=0.62,
        xerr=errors or None,
        error_kw={"ecolor": INK, "capsize": 3},
    )
    axes.set_yticks(places, labels)
    axes.invert_yaxis()
    axes.grid(axis="x", color=GRID)
    axes.axvline(0, color=QUIET, linewidth=0.8)
    axes.set_xlabel(label)
    axes.set_title(title, loc="left")
    save(figure, path)


def shorten(name: str, most: int = 32) -> str:
    """A name that fits beside an axis, and in which matplotlib sees no formula between two dollars."""
    return (name if len(name) <= most else name[: most - 1] + "…").replace("$", r"\$")

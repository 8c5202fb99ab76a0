"""The verdict as one self-contained HTML page."""

from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from .verdict import Verdict


def page(verdict: Verdict, limits: Mapping[str, float]) -> str:
    """Fill drift.html.j2: one row per column, with both samples drawn over each other."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"percent": percent, "figure": figure}
    return environment.get_template("drift.html.j2").render(verdict=verdict, limits=limits)


def percent(share: float) -> str:
    """A share in per cent, with a digit more where it is small."""
    return f"{100 * share:.1f} %" if 0 < share < 0.1 else f"{100 * share:.0f} %"


def figure(value: float) -> str:
    """A number with two digits; a p-value too small to print is an upper bound."""
    if 0 <= value < 0.001:
        return "< 0.001"
    return f"{value:.2f}" if value >= 0.01 else f"{value:.3f}"

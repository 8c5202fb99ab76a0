"""The verdict as one self-contained HTML page."""

from collections.abc import Mapping

from .html import render
from .verdict import Verdict


def page(verdict: Verdict, limits: Mapping[str, float]) -> str:
    """Fill drift.html.j2: one row per column, with both samples drawn over each other."""
    return render("drift.html.j2", verdict=verdict, limits=limits)

"""Pages of the monitor, each whole in itself."""

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ..report import wording


def render(template: str, **values: Any) -> str:
    """Fill a template of this folder; whatever is put into it becomes text, never markup."""
    return _environment().get_template(template).render(**values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"percent": percent, "figure": figure, "number": wording.figure}
    return environment


def percent(share: float) -> str:
    """A share in per cent, with a digit more where it is small."""
    return f"{100 * share:.1f} %" if 0 < share < 0.1 else f"{100 * share:.0f} %"


def figure(value: float) -> str:
    """A number with two digits; a p-value too small to print is an upper bound."""
    if 0 <= value < 0.001:
        return "< 0.001"
    return f"{value:.2f}" if value >= 0.01 else f"{value:.3f}"

"""How the card and the report write numbers and text."""

import json
from collections.abc import Mapping
from typing import Any


def figure(value: float | None) -> str:
    """A number with as many digits as people read: four, or all before the point."""
    if value is None:
        return "not measured"
    return f"{value:,.0f}" if 1e4 <= abs(value) < 1e15 else f"{value:.4g}"


def interval(metric: Mapping[str, Any]) -> str:
    """Both ends of a metric's interval, where there is one."""
    if metric["low"] is None:
        return figure(None)
    return f"{figure(metric['low'])} to {figure(metric['high'])}"


def cell(text: object) -> str:
    """Text that cannot break out of a cell of a Markdown table."""
    return str(text).replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")


def quoted(text: object) -> str:
    """Text as a YAML scalar: JSON's quotes are YAML's."""
    return json.dumps(str(text), ensure_ascii=False)

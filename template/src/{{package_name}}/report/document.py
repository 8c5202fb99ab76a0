"""The stage that writes the model card and the report, from what was measured and nothing else."""

import base64
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from .. import paths
from ..config import Config
from ..files import read_json, write_text
from ..schema import Schema
from .gate import verdicts
from .wording import cell, figure, interval, quoted

LIBRARIES = ("scikit-learn", "onnxruntime", "numpy", "polars")


def document(config: Config) -> None:
    """Write MODEL_CARD.md in Hugging Face's form, and one self-contained HTML page.

    Reads   reports/data.json, reports/training.json, reports/evaluation.json, reports/figures/.
    Writes  MODEL_CARD.md, reports/report.html.
    """
    facts = gather(config)
    write_text(paths.MODEL_CARD, render("card.md.j2", facts))
    pictures = {name: _embedded(paths.FIGURES / name) for name in facts["evaluation"]["figures"]}
    write_text(paths.PAGE, render("page.html.j2", facts | {"pictures": pictures}))


def gather(config: Config) -> dict[str, Any]:
    """Everything that the card and the report state."""
    evaluation = read_json(paths.EVALUATION_REPORT)
    return {
        "card": config.card,
        "config": config,
        "data": read_json(paths.DATA_REPORT),
        "training": read_json(paths.TRAINING_REPORT),
        "evaluation": evaluation,
        "schema": Schema.from_file(paths.CHECKED_SCHEMA),
        "verdicts": verdicts(evaluation, config.objectives),
        "versions": {"python": platform.python_version()} | {name: version(name) for name in LIBRARIES},
        "paths": paths,
    }


def render(template: str, facts: dict[str, Any]) -> str:
    """Fill a template of this package; a fact that is missing is an error, never a blank."""
    environment = Environment(
        loader=PackageLoader(__package__, "."),
        autoescape=select_autoescape(enabled_extensions=("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"figure": figure, "interval": interval, "cell": cell, "quoted": quoted}
    return environment.get_template(template).render(facts)


def _embedded(path: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode()

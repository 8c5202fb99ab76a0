"""`poe summary`: what the last run measured, in one screen."""

from .. import paths
from ..config import Config
from ..files import read_json
from .gate import verdicts
from .wording import figure, interval


def summary(config: Config) -> str:
    """The metrics, each objective with pass or fail, and where card and report are.

    Raises FileNotFoundError if the pipeline has not measured anything yet.
    """
    evaluation = read_json(paths.EVALUATION_REPORT)
    rows = evaluation["rows"]
    lines = [
        f"{evaluation['model']} predicts {evaluation['target']}: {rows['train']} training, {rows['test']} test rows",
        "",
    ]
    lines.append(f"{'metric':16}{'test':>9}  {'interval':19}{'baseline':>9}")
    for name, metric in evaluation["metrics"].items():
        value, baseline = figure(metric["value"]), figure(metric["baseline"])
        lines.append(f"{name:16}{value:>9}  {interval(metric):19}{baseline:>9}")
    lines += ["", "objectives"]
    lines += [
        f"  {verdict.state.upper():13}{verdict.sentence}"
        for verdict in verdicts(evaluation, config.objectives)
    ]
    lines += [
        "",
        f"model card  {paths.MODEL_CARD.resolve()}",
        f"report      {paths.PAGE.resolve()}",
    ]
    return "\n".join(lines)

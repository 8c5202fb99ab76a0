"""The stage that measures the exported model on rows that it has never seen."""

import csv
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from .. import paths
from ..config import Config
from ..files import content_hash, read_json, whole, write_json
from . import figures
from .examples import Examples, load_examples
from .fairness import fairness
from .importance import importance
from .intervals import intervals
from .judge import Judge
from .judge import configured as configured_judge
from .predictor import Prediction, Predictor, pick
from .slices import slices, worst


def evaluate(config: Config) -> None:
    """Measure the served model: metrics with intervals, against the baseline, by slice and group.

    Reads   models/model.onnx, data/test.parquet, data/train.parquet, reports/training.json.
    Writes  reports/evaluation.json, reports/metrics.json, reports/plots/, reports/figures/.
    """
    judge = configured_judge(config.task)
    predictor = Predictor(paths.SERVED_MODEL)
    known, asked = load_examples(paths.TRAIN, judge), load_examples(paths.TEST, judge)
    prediction = predictor.predict(asked.table)
    found: dict[str, Any] = {
        "metrics": metrics(config, judge, known, asked, predictor, prediction),
        "details": judge.details(asked.target, prediction),
        "slices": list(
            slices(
                asked.table,
                asked.schema,
                asked.target,
                prediction,
                judge,
                config.evaluation.smallest_slice,
            )
        ),
        "importance": importance(
            predictor,
            asked.table,
            asked.inputs,
            asked.target,
            judge,
            config.task.metric,
            config.evaluation.permutations,
            config.seed,
        ),
        "fairness": fairness(
            asked.table,
            asked.schema,
            asked.target,
            prediction.values,
            judge,
            config.evaluation.smallest_slice,
        ),
    }
    report = head(config, judge, known, asked, predictor, found["metrics"]) | found
    report["worst_slice"] = worst(found["slices"], judge)
    report["figures"] = draw(config, judge, asked, prediction, report)
    write_plots(judge.plots(asked.target, prediction, asked.table), report)
    write_json(paths.EVALUATION_REPORT, report)
    write_json(paths.METRICS, summary(report))


def metrics(
    config: Config,
    judge: Judge,
    known: Examples,
    asked: Examples,
    predictor: Predictor,
    prediction: Prediction,
) -> dict[str, dict[str, Any]]:
    """Each metric on the test rows with its interval, on the training rows, and of the baseline."""
    value = judge.measure(asked.target, prediction)
    train = judge.measure(known.target, predictor.predict(known.table))
    baseline = judge.measure(asked.target, judge.baseline(known.table, known.target, asked.table))
    drawn = intervals(
        lambda rows: judge.measure(asked.target[rows], pick(prediction, rows)),
        judge.blocks(asked.table, asked.schema),
        config.evaluation.resamples,
        config.evaluation.confidence,
        config.seed,
    )
    return {
        name: {
            "value": value[name],
            "low": drawn[name][0],
            "high": drawn[name][1],
            "train": train[name],
            "baseline": baseline[name],
            "larger_is_better": judge.larger_is_better[name],
        }
        for name in value
    }


def head(
    config: Config,
    judge: Judge,
    known: Examples,
    asked: Examples,
    predictor: Predictor,
    measured: dict[str, Any],
) -> dict[str, Any]:
    """What was measured, in one glance: the chosen model, its skill, and how much it overfits."""
    metric = measured[config.task.metric]
    return {
        "task": config.task.name,
        "model": predictor.signature.name,
        "model_sha256": content_hash(paths.SERVED_MODEL),
        "metric": config.task.metric,
        "target": asked.schema.target.name,
        "trained_on": predictor.signature.trained_on,
        "rows": {"train": len(known.target), "test": len(asked.target)},
        "confidence": config.evaluation.confidence,
        "drawn": judge.drawn if asked.schema.group is None else f"the groups of {asked.schema.group.name}",
        "blocks": len(np.unique(judge.blocks(asked.table, asked.schema))),
        "naive": judge.naive,
        "skill": skill(metric, perfect=1.0 if judge.larger_is_better[config.task.metric] else 0.0),
        "overfitting": overfitting(metric),
    }


def skill(metric: dict[str, Any], perfect: float) -> float:
    """How much of the way from the baseline to a perfect model is covered: 0 is no better, 1 is perfect."""
    shortfall = abs(perfect - metric["baseline"])
    gain = metric["value"] - metric["baseline"]
    gain = gain if metric["larger_is_better"] else -gain
    return gain / shortfall if shortfall else 0.0


def overfitting(metric: dict[str, Any]) -> float:
    """By how much the model is better on the rows that it was fitted to.

    A share for metrics of which more is better; else relative to the baseline's error.
    """
    if metric["larger_is_better"]:
        return float(metric["train"] - metric["value"])
    return float((metric["value"] - metric["train"]) / metric["baseline"]) if metric["baseline"] else 0.0


def draw(
    config: Config, judge: Judge, asked: Examples, prediction: Prediction, report: dict[str, Any]
) -> dict[str, str]:
    """Draw every figure; return what each one shows, by file name."""
    shutil.rmtree(paths.FIGURES, ignore_errors=True)
    training = read_json(paths.TRAINING_REPORT)
    compared, most = training["candidates"], report["importance"][:12]
    figures.bars(
        paths.FIGURES / "candidates.png",
        f"Candidates, {training['folds']}-fold cross-validation",
        config.task.metric,
        [entry["name"] for entry in compared],
        [entry["mean"] for entry in compared],
        [entry["std"] for entry in compared],
    )
    figures.bars(
        paths.FIGURES / "importance.png",
        "Importance of the columns, test rows",
        f"loss of {config.task.metric} when shuffled",
        [entry["column"] for entry in most],
        [entry["mean"] for entry in most],
        [entry["std"] for entry in most],
    )
    drawn = judge.draw(asked.target, prediction, asked.table, paths.FIGURES) | {
        "candidates.png": "The candidates that were compared",
        "importance.png": "Which columns the predictions rest on",
    }
    if not report["slices"]:
        return drawn
    figures.bars(
        paths.FIGURES / "slices.png",
        "Groups of test rows",
        judge.by_group,
        [f"{entry['column']}: {entry['group']}" for entry in report["slices"]][:24],
        [entry[judge.by_group] for entry in report["slices"]][:24],
    )
    return drawn | {"slices.png": "How well the model does in each group of rows"}


def write_plots(tables: dict[str, list[dict[str, Any]]], report: dict[str, Any]) -> None:
    """Write one CSV for each table that `dvc plots` shows."""
    shutil.rmtree(paths.PLOTS, ignore_errors=True)
    for name, rows in (tables | {"importance": report["importance"]}).items():
        _write_csv(paths.PLOTS / f"{name}.csv", rows)


def _write_csv(path: Path, rows: list[dict[str, Any]]) -> None:
    with whole(path) as part, part.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def summary(report: dict[str, Any]) -> dict[str, Any]:
    """The figures that `dvc metrics` follows from run to run."""
    chosen = {name: entry["value"] for name, entry in report["metrics"].items()}
    gap = (report["fairness"] or {}).get("gap")
    measured = {} if gap is None else {"fairness_gap": gap}
    return chosen | {"skill": report["skill"], "overfitting": report["overfitting"]} | measured

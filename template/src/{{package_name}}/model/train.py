"""The stage that fits every candidate, keeps the best one and exports it for serving."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from .. import paths
from ..columns import take
from ..component import made
from ..compute.compute import Compute, configured
from ..config import Component, Config
from ..errors import ConfigurationError, DataError, ProjectError, first_line
from ..features import features
from ..files import read_json, write_json
from .encoder import model_frame, with_encoder
from .examples import Examples, load_examples
from .export import agreement, libraries, load_fitted, save_fitted, save_served, sign
from .judge import Fold, Judge
from .judge import configured as configured_judge
from .predictor import Prediction, Predictor

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Score:
    """A candidate's metric over the folds: on the rows that were held out, and on those it was fitted to."""

    name: str
    held_out: list[float]
    fitted: list[float]

    @property
    def mean(self) -> float:
        """Mean over the held-out folds."""
        return float(np.mean(self.held_out))


def train(config: Config) -> None:
    """Fit every candidate, keep the best by cross-validation, export it for serving.

    Reads   data/train.parquet, one row per example: features and the target; data/test.parquet, to prove
            that the exported model predicts the same.
    Writes  models/model.skops, models/model.onnx, reports/training.json.
    Raises  DisagreementError if the exported model's predictions differ from the fitted one's.
    """
    judge = configured_judge(config.task)
    check_metric(config.task.metric, judge)
    known = load_examples(paths.TRAIN, judge)
    with configured(config.compute) as compute:
        scores = list(cross_validate(config, judge, known, compute))
    chosen = best(scores, larger_is_better=judge.larger_is_better[config.task.metric])
    fitted = fit(config.model.candidates[chosen.name], known, judge)
    signature = sign(chosen.name, known, judge, config, data_hash=read_json(paths.DATA_REPORT)["sha256"])
    named = libraries(config)
    save_fitted(fitted, paths.FITTED_MODEL)
    save_served(fitted, signature, paths.SERVED_MODEL)
    held_out = load_examples(paths.TEST, judge)
    agreed = agreement(
        predict(load_fitted(paths.FITTED_MODEL, named), held_out, judge),
        Predictor(paths.SERVED_MODEL).predict(held_out.table),
    )
    write_json(paths.TRAINING_REPORT, report(config, scores, chosen, judge) | {"agreement": agreed})


def check_metric(metric: str, judge: Judge) -> None:
    """Raise ConfigurationError if the task has no such metric."""
    if metric not in judge.larger_is_better:
        raise ConfigurationError(
            f"task.metric is '{metric}', which this task does not measure: "
            f"choose one of {', '.join(judge.larger_is_better)}"
        )


@dataclass(frozen=True)
class Contest:
    """What all candidates have in common: the rows, how they are cut, and what counts."""

    known: Examples
    judge: Judge
    folds: list[Fold]
    metric: str


def contest(config: Config, judge: Judge, known: Examples) -> Contest:
    """Cut the rows into folds, which are the same whenever rows and configuration are.

    Raises DataError if there are fewer rows, or groups of them, than folds.
    """
    groups = known.table[known.schema.group.name] if known.schema.group is not None else None
    try:
        folds = list(judge.folds(known.table, known.target, config.folds, config.seed, groups))
    except ValueError as error:
        of = "rows" if known.schema.group is None else f"groups of '{known.schema.group.name}'"
        raise DataError(
            f"the training rows cannot be cut into {config.folds} folds ({first_line(error)}): "
            f"bring more {of}, or lower folds in conf/config.yaml"
        ) from error
    return Contest(known, judge, folds, config.task.metric)


def cross_validate(config: Config, judge: Judge, known: Examples, compute: Compute) -> Iterable[Score]:
    """Score every candidate on the same folds, one after the other."""
    candidates, same = config.model.candidates, contest(config, judge, known)
    log.info("%d candidates, %d folds, %d rows", len(candidates), len(same.folds), len(known.target))
    meetings = [(candidate, fold) for candidate in candidates.values() for fold in range(len(same.folds))]
    pairs = compute.spread(score_fold, same)(meetings)
    for name in candidates:
        held_out, fitted = map(list, zip(*islice(pairs, len(same.folds)), strict=True))
        score = Score(name, held_out, fitted)
        log.info("%-12s %s %.4f ± %.4f", name, config.task.metric, score.mean, np.std(held_out))
        yield score


def score_fold(same: Contest, meeting: tuple[Component, int]) -> tuple[float, float]:
    """The metric of a candidate on a fold's held-out rows, then on the rows that it was fitted to."""
    candidate, fold = meeting
    known, judge, (fitting, scoring) = same.known, same.judge, same.folds[fold]
    part = Examples(take(known.table, fitting), known.target[fitting], known.schema)
    model = fit(candidate, part, judge)
    rest = Examples(take(known.table, scoring), known.target[scoring], known.schema)
    held_out = judge.measure(rest.target, predict(model, rest, judge))
    fitted = judge.measure(part.target, predict(model, part, judge))
    return held_out[same.metric], fitted[same.metric]


def fit(candidate: Component, known: Examples, judge: Judge) -> Pipeline:
    """Fit a candidate, behind the encoder, to all the given rows.

    Raises ConfigurationError if it cannot be made, or cannot learn with its settings from these features.
    """
    seen = features(known.inputs)
    target = known.target if judge.offset is None else known.target - known.table[judge.offset]
    estimator = made(candidate, "a candidate cannot be made", "conf/model/", _convert_="all")
    model = with_encoder(estimator, seen, known.schema)
    try:
        return model.fit(model_frame(seen), target.astype(str) if target.dtype == object else target)
    except ProjectError:
        raise
    except Exception as error:  # each library has errors of its own
        raise ConfigurationError(
            f"a candidate cannot be fitted ({first_line(error)}): mend its settings in conf/model/, or the features "
            "in features.py"
        ) from error


def predict(model: Pipeline, asked: Examples, judge: Judge) -> Prediction:
    """Predict with a fitted pipeline, in the form in which the exported model answers."""
    frame = model_frame(features(asked.inputs))
    if hasattr(model, "predict_proba"):
        probabilities: NDArray[Any] = model.predict_proba(frame)
        classes = tuple(str(label) for label in model.classes_)
        return Prediction(
            np.asarray(classes, dtype=object)[probabilities.argmax(axis=1)], classes, probabilities
        )
    values = np.asarray(model.predict(frame), dtype=float)
    return Prediction(values if judge.offset is None else values + asked.table[judge.offset])


def best(scores: list[Score], *, larger_is_better: bool) -> Score:
    """The best mean over the folds; of equals, the one that is listed first."""
    return max(scores, key=lambda score: score.mean if larger_is_better else -score.mean)


def report(config: Config, scores: list[Score], chosen: Score, judge: Judge) -> dict[str, Any]:
    """What the training has found out, for people and for the model card."""
    return {
        "metric": config.task.metric,
        "larger_is_better": judge.larger_is_better[config.task.metric],
        "folds": config.folds,
        "seed": config.seed,
        "chosen": chosen.name,
        "parameters": config.model.candidates[chosen.name],
        "candidates": [
            {
                "name": score.name,
                "mean": score.mean,
                "std": float(np.std(score.held_out)),
                "fitted_mean": float(np.mean(score.fitted)),
                "held_out": score.held_out,
            }
            for score in scores
        ],
    }

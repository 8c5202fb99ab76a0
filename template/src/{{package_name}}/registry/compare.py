"""Whether a challenger is better than the champion: by the same metric, on the same rows."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
from numpy.typing import NDArray

from .. import paths
from ..columns import take
from ..config import Config
from ..errors import RefusedError, RegistryError
from ..model.examples import load_examples
from ..model.judge import Judge
from ..model.judge import configured as configured_judge
from ..model.predictor import Predictor
from ..report.wording import figure
from ..schema import Schema
from .dvc_files import fetch
from .history import Version
from .made import features_hash, test_rows
from .registry import Registry


def check_better(config: Config, registry: Registry, challenger: Version, champion: Version) -> str:
    """Compare the two on the same test rows; return the result in words.

    Where both were measured on the same rows, those figures are compared. Else both are measured anew on the
    challenger's test rows, without those that the champion has learned from.

    Raises RefusedError if the challenger is not better by more than tracking.margin, or they cannot be compared.
    """
    judge = configured_judge(config.task)
    metric = config.task.metric
    pair = (challenger, champion)
    if challenger.test_rows == champion.test_rows and all(metric in one.metrics for one in pair):
        new, old = (one.metrics[metric] for one in pair)
        rows = "the same test rows"
    else:
        new, old, count = measure_anew(config, registry, judge, *pair)
        rows = f"{count} test rows that neither has learned from"
    compared = f"{metric} {figure(new)} against {figure(old)} of version {champion.number}, on {rows}"
    gain = new - old if judge.larger_is_better[metric] else old - new
    if gain <= config.tracking.margin:
        least = f" by more than {config.tracking.margin:g}" if config.tracking.margin else ""
        raise RefusedError(f"version {challenger.number} is not better{least} than the champion: {compared}")
    return compared


def measure_anew(
    config: Config, registry: Registry, judge: Judge, challenger: Version, champion: Version
) -> tuple[float, float, int]:
    """The metric of challenger and champion on rows that neither has learned from, and how many those are.

    Raises RefusedError if that cannot be told or done here.
    """
    if test_rows(config) != challenger.test_rows:
        raise RefusedError(
            f"the test rows here are not those of version {challenger.number}: check out its commit "
            f"{challenger.commit[:7]} and run `uv run poe pipeline`, then promote it"
        )
    cannot = f"version {champion.number} cannot be measured on the test rows of version {challenger.number}"
    with TemporaryDirectory() as folder:
        train, model = Path(folder, "train.parquet"), Path(folder, "model.onnx")
        try:
            if champion.features != features_hash():
                raise RegistryError("the code of its features has changed since")
            fetch(champion.train, train)
            asked = load_examples(paths.TEST, judge)
            rows = unseen(pl.read_parquet(paths.TEST), pl.read_parquet(train), asked.schema)
            if rows.sum() < config.evaluation.smallest_slice:
                raise RegistryError(f"it has learned from all but {rows.sum()} of them")
            values = []
            for version in (challenger, champion):
                registry.fetch(version, model)
                prediction = Predictor(model).predict(take(asked.table, rows))
                values.append(judge.measure(asked.target[rows], prediction)[config.task.metric])
        except RegistryError as error:
            raise RefusedError(f"{cannot}: {error}") from error
        except (KeyError, ValueError, pl.exceptions.PolarsError) as error:
            raise RefusedError(f"{cannot}: their columns are others than it knows ({error})") from error
    return values[0], values[1], int(rows.sum())


def unseen(asked: pl.DataFrame, learned: pl.DataFrame, schema: Schema) -> NDArray[np.bool_]:
    """Which rows asked are not among those learned from; with groups, of no group among them."""
    shared = [name for name in asked.columns if name in learned.columns]
    names = [schema.group.name] if schema.group is not None else shared
    texts = [frame.select(pl.col(names).cast(pl.String)) for frame in (asked, learned)]
    row = f"row of {' '.join(names)}"  # no column's own name
    fresh = texts[0].with_row_index(row).join(texts[1], on=names, how="anti", nulls_equal=True)
    mask = np.zeros(len(asked), dtype=bool)
    mask[fresh[row].to_numpy()] = True
    return mask

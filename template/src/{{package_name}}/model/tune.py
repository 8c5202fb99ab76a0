"""`poe tune`: search a candidate's hyperparameters, write the winner as a configuration file."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Any

import numpy as np
import optuna
import yaml
from optuna.exceptions import StorageInternalError
from optuna.study import MaxTrialsCallback, Study
from optuna.trial import FrozenTrial, Trial, TrialState
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from tqdm import tqdm

from .. import paths
from ..compute.compute import Compute, configured
from ..config import Config
from ..errors import ConfigurationError, DataError, first_line
from ..files import read_json, write_text
from .examples import load_examples
from .judge import configured as configured_judge
from .search_space import changed, present, searched, suggest
from .train import check_metric, contest, score_fold

STORAGE_VARIABLE = "OPTUNA_STORAGE"
"""Names, in the environment, a database in which several machines share a study."""


def tune(config: Config, written: Mapping[str, Any], name: str | None, trials: int, workers: int) -> str:
    """Try settings of one candidate until `trials` are done in all, and report the best.

    The study is kept in tune.db, or in the database that OPTUNA_STORAGE names: an interrupted search goes on where it
    was, and several go on together, as long as data, candidate and search space are the same. The present setting is
    the first that is tried, so the winner is never worse.

    written  the same configuration as people wrote it: what refers to other settings there, such as the seed, the
             winner's file refers to as well

    Reads   data/train.parquet; reports/training.json for the candidate that was chosen last.
    Writes  tune.db, conf/model/tuned.yaml.
    Raises  ConfigurationError if there is no such candidate, no space to search for it, or no database where
            OPTUNA_STORAGE says; DataError if the data stage has not run.
    """
    if not paths.TRAIN.exists():
        raise DataError(f"there is no {paths.TRAIN}: run `uv run poe pipeline` first")
    if trials < 1 or workers < 1:
        raise ConfigurationError(
            f"{trials} trials by {workers} workers find nothing: give at least one of each"
        )
    name = name or read_json(paths.TRAINING_REPORT)["chosen"]
    candidate, space = searched(config, name)
    judge = configured_judge(config.task)
    check_metric(config.task.metric, judge)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = opened(study_name(config, name), larger_is_better=judge.larger_is_better[config.task.metric])
    if not study.trials:
        study.enqueue_trial(present(candidate, space))
    with configured(config.compute) as compute:
        ran = _search(config, compute, name, study, trials, workers)
    best = study.best_trial
    winner = changed(written["model"]["candidates"][name], best.params)
    content = {"candidates": {name: winner}, "search": {name: space}, "libraries": config.model.libraries}
    write_winner(content, f"{config.task.metric} {best.value:.4f} in trial {best.number}")
    return "\n".join(
        [
            f"{name}: {config.task.metric} {best.value:.4f} over {config.folds} folds; {_as_configured(study)}",
            *(f"  {key} = {value}" for key, value in best.params.items()),
            f"{ran} trials run now, {_done(study)} in all, kept in {_place()}",
            f"Wrote {paths.TUNED_MODEL}; to train it: `uv run dvc exp run -S model=tuned`,"
            " or set `model: tuned` in conf/config.yaml.",
        ]
    )


def storage() -> str:
    """The address of the database that keeps studies."""
    return os.environ.get(STORAGE_VARIABLE) or f"sqlite:///{paths.TUNING_STORE}"


def opened(name: str, *, larger_is_better: bool) -> Study:
    """The study of that name, with what was tried so far.

    Raises ConfigurationError if the database that OPTUNA_STORAGE names cannot be used.
    """
    create = partial(
        optuna.create_study,
        storage=storage(),
        study_name=name,
        direction="maximize" if larger_is_better else "minimize",
        load_if_exists=True,
    )
    try:
        try:
            return create()
        except (DBAPIError, StorageInternalError):
            return create()  # another machine made the tables at the same moment
    except (ImportError, SQLAlchemyError, StorageInternalError) as error:
        said = first_line(error.__cause__ or error)
        raise ConfigurationError(
            f"{_place()} cannot keep the study ({said}): mend {STORAGE_VARIABLE}, see that the database answers, "
            "and for PostgreSQL `uv add --group pipeline 'psycopg[binary]'`"
        ) from error


def _place() -> str:
    """What keeps studies, without a password."""
    shared = STORAGE_VARIABLE in os.environ
    return f"the database that {STORAGE_VARIABLE} names" if shared else str(paths.TUNING_STORE)


def _as_configured(study: Study) -> str:
    """The score of the present setting, unless another machine still works on it."""
    value = study.trials[0].value
    return "the configured one is still under way" if value is None else f"as configured {value:.4f}"


def study_name(config: Config, name: str) -> str:
    """A name that changes with all on which a score depends, so that a study never mixes two searches."""
    told = [
        read_json(paths.DATA_REPORT)["sha256"], config.seed, config.folds, config.task.model_dump(),
        config.model.candidates[name], config.model.search[name],
    ]  # fmt: skip
    return f"{name}-{sha256(repr(told).encode()).hexdigest()[:12]}"


def objective(config: Config, compute: Compute, name: str) -> Callable[[Trial], float]:
    """A trial's mean score over the same folds as in training."""
    judge = configured_judge(config.task)
    same = contest(config, judge, load_examples(paths.TRAIN, judge))
    scores = compute.spread(score_fold, same)
    candidate, space = searched(config, name)

    def score(trial: Trial) -> float:
        tried = changed(candidate, suggest(trial, space))
        meetings = [(tried, fold) for fold in range(len(same.folds))]
        return float(np.mean([held_out for held_out, _ in scores(meetings)]))

    return score


@dataclass(frozen=True)
class _Job:
    """A worker's share of a search, as it goes to another process."""

    config: Config
    name: str
    study: str
    share: int
    trials: int
    seed: int | None

    def work(self, compute: Compute, callbacks: Sequence[Callable[[Study, FrozenTrial], None]] = ()) -> int:
        """Run the trials of this share, or as many as are still missing; return how many were run."""
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        sampler = optuna.samplers.TPESampler(seed=self.seed)
        study = optuna.load_study(study_name=self.study, storage=storage(), sampler=sampler)
        # Other machines may search with us: what they have done need not be done here.
        ran: list[FrozenTrial] = []
        enough = MaxTrialsCallback(self.trials, states=(TrialState.COMPLETE,))
        study.optimize(
            objective(self.config, compute, self.name),
            n_trials=self.share,
            callbacks=[enough, lambda _, trial: ran.append(trial), *callbacks],
        )
        return len(ran)


def _search(config: Config, compute: Compute, name: str, study: Study, trials: int, workers: int) -> int:
    """Run the trials that are missing; return how many were run here."""
    # Models that compute in several threads would otherwise fight over the cores.
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // workers)))
    before = _done(study)
    jobs = [
        _Job(
            config,
            name,
            study.study_name,
            share,
            trials,
            # Machines that share a study cannot agree on seeds, so chance sees to it that theirs differ.
            None if STORAGE_VARIABLE in os.environ else fresh_seed(config.seed, before, worker),
        )
        for worker, share in enumerate(shares(trials - before, workers))
    ]
    with tqdm(total=trials, initial=before, desc=name, unit="trial") as bar:
        if len(jobs) == 1:  # a process of its own would only have to import everything anew
            return jobs[0].work(compute, [lambda *_: _show(bar, study, trials)])
        return _work_side_by_side(jobs, compute, lambda: _show(bar, study, trials))


def _work_side_by_side(jobs: list[_Job], compute: Compute, show: Callable[[], None]) -> int:
    with compute.searchers(max(1, len(jobs))) as pool:
        running = [pool.submit(job.work, compute) for job in jobs]
        while not all(future.done() for future in running):
            time.sleep(0.2)
            show()
        show()
    return sum(future.result() for future in running)


def shares(trials: int, workers: int) -> list[int]:
    """How many trials each worker runs at most; workers without any are left out.

    Told beforehand, since workers that look for themselves whether any are left run too many.
    """
    given = [(max(trials, 0) + worker) // workers for worker in range(workers)]
    return [share for share in given if share]


def fresh_seed(seed: int, before: int, worker: int) -> int:
    """A seed that neither another worker nor an earlier run had: it would draw the same settings again."""
    return int(np.random.SeedSequence((seed, before, worker)).generate_state(1)[0])


def _show(bar: "tqdm[Any]", study: Study, trials: int) -> None:
    done = min(_done(study), trials)
    if done > bar.n:
        bar.set_postfix(best=f"{study.best_value:.4f}", refresh=False)
        bar.update(done - bar.n)


def _done(study: Study) -> int:
    return len(study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)))


def write_winner(content: dict[str, Any], note: str) -> None:
    """Write the winner in the form of the other files in conf/model/."""
    body = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
    write_text(paths.TUNED_MODEL, f"# Found by `uv run poe tune`: {note}.\n{body}")

"""The model that the pipeline has just made, if a commit names all that it was made from."""

import json
from collections.abc import Collection
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl

from .. import features, paths
from ..config import Config, load
from ..data.source import fingerprints
from ..errors import RegistryError
from ..files import content_hash, read_json
from ..report.gate import gate
from ..schema import Schema
from .dvc_files import content, modified, outdated
from .git import commit, uncommitted
from .history import Facts


def made(config: Config, own: Collection[str], why: str) -> Facts:
    """What is to be remembered of the model in models/.

    own  files that may be changed, since the registry writes them itself

    Raises RegistryError if there is no model, or not all that it was made from is in the commit;
           ObjectiveMissedError if it missed the gate.
    """
    for path in (paths.SERVED_MODEL, paths.EVALUATION_REPORT):
        if not path.exists():
            raise RegistryError(
                f"there is no {path} yet: run `uv run poe pipeline`, and commit what it wrote"
            )
    gate(config)
    name = commit()
    check_committed(own)
    check_current(config)
    check_tables()
    evaluation = read_json(paths.EVALUATION_REPORT)
    return Facts(
        why=why,
        candidate=evaluation["model"],
        commit=name,
        model=content(paths.SERVED_MODEL),
        train=content(paths.TRAIN),
        trained_on=evaluation["trained_on"],
        features=features_hash(),
        test_rows=test_rows(config),
        metrics={name: metric["value"] for name, metric in evaluation["metrics"].items()},
    )


def check_committed(own: Collection[str]) -> None:
    """Raise RegistryError if a file is not as the commit has it."""
    changed = uncommitted(own)
    if changed:
        more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
        raise RegistryError(
            f"not committed: {', '.join(changed[:3])}{more}; commit what made the model, so that the version names it"
        )


def check_current(config: Config) -> None:
    """Raise RegistryError if the pipeline would make another model than the one that is there."""
    ignored = {"tracking", "monitor", "served"}
    settings = [one.model_dump(exclude=ignored) for one in (config, load(paths.PARAMS))]
    if settings[0] != settings[1]:
        changed = f"conf/ says something else than {paths.PARAMS}"
    elif not paths.SOURCE.exists() or fingerprints(config.data) != read_json(paths.SOURCE):
        changed = "the data are others"
    elif stages := outdated():
        changed = f"the stage {stages[0]} has not run since something changed"
    else:
        return
    raise RegistryError(
        f"the model is not what the pipeline would make now, since {changed}: run `uv run poe pipeline`, commit, and "
        "register that"
    )


def check_tables() -> None:
    """Raise RegistryError if a table that DVC keeps is not the one that its .dvc file names, and so the commit.

    Asked when the stages are current: what else was modified is no table of theirs.
    """
    for table in modified():
        # The champion is fetched anew all the time, and no model learns from it.
        if table != paths.CHAMPION:
            raise RegistryError(
                f"{table} is not what its .dvc file names, so that the commit would name other rows: `uv run dvc add "
                f"{table}`, commit, and register; or `uv run dvc checkout {table}` if it was changed by mistake"
            )


def test_rows(config: Config) -> str:
    """A fingerprint of the test rows: what is asked of a model, whatever columns it is told.

    Equal sources, split the same way, give the same test rows; the target tells whether rows were left out.
    """
    target = Schema.from_file(paths.CHECKED_SCHEMA).target.name
    asked = pl.read_parquet(paths.TEST, columns=[target]).write_csv()
    # Lags are what the model sees of the past, not what it is asked.
    windows = {key: value for key, value in (config.task.windows or {}).items() if key != "lags"}
    decisive: list[Any] = [
        read_json(paths.SOURCE),
        config.seed,
        config.task.split,
        config.task.judge,
        windows,
    ]
    return sha256((json.dumps(decisive, sort_keys=True) + asked).encode()).hexdigest()


def features_hash() -> str:
    """SHA-256 of the code that makes features."""
    assert features.__file__ is not None  # noqa: S101 - it is a module on disk
    return content_hash(Path(features.__file__))

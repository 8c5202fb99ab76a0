"""The configuration as typed objects, composed from conf/ by Hydra or read back from params.yaml."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal
from unicodedata import normalize

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from . import paths
from .errors import ConfigurationError, first_line
from .files import write_text

Component = dict[str, Any]
"""A mapping with `_target_`, the dotted name of what Hydra calls, and its arguments."""


class Section(BaseModel):
    """A part of the configuration; a key that it does not know is an error."""

    model_config = ConfigDict(extra="forbid")


class DataConfig(Section):
    """Where the rows come from and how they are written.

    path    what names the rows: the file that holds them, or the query that asks for them
    more    files with more rows of the same form, as a path or a pattern
    source  the class that brings them to this machine
    """

    source: Component
    path: str
    more: str | None = None
    # Accents in one piece, as the columns' names have them.
    target: Annotated[str, AfterValidator(lambda name: normalize("NFC", name.strip()))]
    separator: Annotated[str, Field(pattern=r"^(auto|[\x00-\x7f])$")]
    decimal: Literal[".", ","]
    encoding: str
    missing: list[str]
    minimum_rows: Annotated[int, Field(ge=10)]


class TaskConfig(Section):
    """What is predicted, how examples are made and split, and what a good prediction is."""

    name: Literal["classification", "regression", "forecasting"]
    metric: str
    judge: Component
    split: Component
    windows: Component | None = None
    """How a series is cut into examples; None where each row is one."""

    @model_validator(mode="after")
    def _only_a_forecast_learns_from_windows(self) -> "TaskConfig":
        if self.name == "forecasting" and self.windows is None:
            raise ValueError(
                "task.windows is empty, and a forecast learns from windows: "
                "give frequency, season, lags and horizon in conf/task/forecasting.yaml"
            )
        if self.name != "forecasting" and self.windows is not None:
            raise ValueError(f"{self.name} learns from rows, not from windows: set task.windows to null")
        return self


class ModelConfig(Section):
    """The candidates that are compared, by name, and the libraries beside scikit-learn that they come from."""

    candidates: Annotated[dict[str, Component], Field(min_length=1)]
    search: dict[str, dict[str, Any]] = {}
    libraries: dict[str, Component] = {}


class EvaluationConfig(Section):
    """How closely the chosen model is looked at."""

    resamples: Annotated[int, Field(ge=50)]
    confidence: Annotated[float, Field(gt=0.5, lt=1)]
    permutations: Annotated[int, Field(ge=1)]
    smallest_slice: Annotated[int, Field(ge=2)]


class Objective(Section):
    """A bound on a measured value; `because` is printed when it is missed."""

    measure: str
    at_least: float | None = None
    at_most: float | None = None
    because: str
    optional: bool = False

    @model_validator(mode="after")
    def _has_one_bound(self) -> "Objective":
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("give either at_least or at_most")
        return self


class MonitorConfig(Section):
    """When new rows count as drifted.

    report  the class that compares, with its thresholds
    """

    minimum_rows: Annotated[int, Field(ge=2)]
    report: Component


class TrackingConfig(Section):
    """Where versions of the model are kept, and by how much a challenger must be better than the champion."""

    registry: Component
    margin: float


class ComputeConfig(Section):
    """Where the work is done; it changes no result.

    engine  the class that deals it out
    """

    engine: Component


class CardConfig(Section):
    """What people have to say about the model; the pipeline measures the rest."""

    title: str
    summary: str
    owner: str
    contact: str
    license: str
    intended_use: str
    not_for: str
    limits: str


class Config(Section):
    """Everything under conf/, except the schema of the data."""

    seed: int
    folds: Annotated[int, Field(ge=2)]
    data: DataConfig
    task: TaskConfig
    model: ModelConfig
    evaluation: EvaluationConfig
    monitor: MonitorConfig
    tracking: TrackingConfig
    compute: ComputeConfig
    card: CardConfig
    objectives: dict[str, Objective]
    served: Component | None = None
    """What watches the predictions that a service stored; None without a service."""


def given(params: Path | None, overrides: Sequence[str]) -> Config:
    """Read the configuration that was composed before, or compose it with overrides.

    Raises ConfigurationError if both are asked for, or what `load` and `compose` do.
    """
    if params is None:
        return compose(overrides)
    if overrides:
        raise ConfigurationError(
            f"{params} is composed already, and {overrides[0]} would change nothing: leave out the one or the other"
        )
    return load(params)


def compose(overrides: Sequence[str] = ()) -> Config:
    """Compose conf/ with Hydra's overrides, such as `model=tuned` or `seed=7`.

    Raises ConfigurationError if a file, an override or a setting is wrong.
    """
    return _checked(_composed(overrides))


def as_written(overrides: Sequence[str] = ()) -> dict[str, Any]:
    """Compose conf/ and leave what refers to other settings as it is written, such as `${seed}`.

    Raises ConfigurationError if a file or an override is wrong.
    """
    return _by_hydra(overrides, resolve=False)


def load(path: Path) -> Config:
    """Read the configuration that the stage `configure` has written.

    Raises ConfigurationError if the file is missing or broken, or a setting is wrong.
    """
    from omegaconf import OmegaConf
    from yaml import YAMLError

    if not path.exists():
        raise ConfigurationError(
            f"{path} is missing, and it holds the composed configuration: run `uv run poe pipeline`, "
            "or give overrides in place of --params"
        )
    try:
        settings = OmegaConf.load(path)
    except YAMLError as error:
        raise ConfigurationError(
            f"{path} is not valid YAML ({first_line(error)}), as after a merge with conflicts: "
            f"`uv run python -m {__package__} configure` writes it anew"
        ) from error
    return _checked(OmegaConf.to_container(settings, resolve=True))


def configure(overrides: Sequence[str] = ()) -> None:
    """Write params.yaml from conf/, so that DVC sees which settings changed.

    Writes  params.yaml, unless `dvc exp run` has just composed it with its own overrides.
    """
    if os.environ.get("DVC_EXP_NAME") and paths.PARAMS.exists():
        load(paths.PARAMS)
        return
    import yaml

    settings = _composed(overrides)
    _checked(settings)
    write_text(paths.PARAMS, yaml.safe_dump(settings, sort_keys=False, allow_unicode=True))


def _composed(overrides: Sequence[str]) -> dict[str, Any]:
    return _by_hydra(overrides, resolve=True)


def _by_hydra(overrides: Sequence[str], *, resolve: bool) -> dict[str, Any]:
    from hydra import compose as hydra_compose
    from hydra import initialize_config_dir
    from hydra.errors import HydraException
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError

    if not paths.CONF.is_dir():
        raise ConfigurationError(
            f"there is no folder {paths.CONF}/ in {Path.cwd()}: run this from the root of the repository"
        )
    try:
        with initialize_config_dir(str(paths.CONF.resolve()), version_base="1.3"):
            composed = hydra_compose("config", overrides=list(overrides))
        settings = OmegaConf.to_container(composed, resolve=resolve, throw_on_missing=True)
    except (HydraException, OmegaConfBaseException, YAMLError) as error:
        raise ConfigurationError(f"conf/ does not compose: {error}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"a file in conf/ is not written in UTF-8 ({error}): save it in that encoding"
        ) from error
    assert isinstance(settings, dict)  # noqa: S101 - the root of a composed configuration is a mapping
    return {str(key): value for key, value in settings.items()}


def _checked(settings: Any) -> Config:
    try:
        return Config.model_validate(settings)
    except ValidationError as error:
        found = "\n".join(f"  {_place(item['loc'])}: {item['msg']}" for item in error.errors())
        raise ConfigurationError(
            f"conf/ holds settings that do not fit, mend them there:\n{found}"
        ) from error


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location)

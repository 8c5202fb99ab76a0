"""The stages of dvc.yaml as a scheduler sees them: in order, each with what it waits for and what it leaves."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from .errors import ConfigurationError


@dataclass(frozen=True)
class Stage:
    """A stage of the pipeline."""

    name: str
    after: tuple[str, ...]
    """The stages whose outputs it takes."""
    takes: tuple[str, ...]
    """The paths that it reads."""
    small: tuple[str, ...]
    """Those of its outputs that DVC leaves where they are; it keeps the others in the storage."""
    judges: bool
    """It makes nothing: that it fails is a verdict, and another try would not change it."""


def read_stages(file: Path) -> list[Stage]:
    """Read the stages, each after all that it waits for.

    Raises ConfigurationError if a stage is written in a way that only DVC itself can resolve.
    """
    declared = yaml.safe_load(file.read_text(encoding="utf-8"))["stages"]
    for name, stage in declared.items():
        _refuse_what_dvc_resolves(name, stage, file)
    outputs = {name: dict(_outputs(stage)) for name, stage in declared.items()}
    after = {
        name: tuple(
            other
            for other, made in outputs.items()
            if other != name and any(_overlap(taken, path) for taken in _inputs(stage) for path in made)
        )
        for name, stage in declared.items()
    }
    return [
        Stage(
            name,
            after[name],
            takes=tuple(str(path) for path in _inputs(declared[name])),
            small=tuple(str(path) for path, is_small in outputs[name].items() if is_small),
            judges=not outputs[name],
        )
        for name in TopologicalSorter(after).static_order()
    ]


def _refuse_what_dvc_resolves(name: str, stage: Mapping[str, Any], file: Path) -> None:
    unknown = [key for key in ("foreach", "matrix", "wdir") if key in stage]
    if unknown or "${" in str(stage):
        raise ConfigurationError(
            f"the stage '{name}' of {file} uses {unknown[0] if unknown else '${...}'}, which only DVC resolves, and "
            "the scheduler reads stages with plain paths: write it out"
        )


def _inputs(stage: Mapping[str, Any]) -> Iterator[PurePosixPath]:
    for path, _ in _entries(stage.get("deps", [])):
        yield PurePosixPath(path)
    for entry in stage.get("params", []):
        # A file with its keys, or the name of a key in DVC's own file of parameters.
        yield from map(PurePosixPath, entry if isinstance(entry, dict) else ["params.yaml"])


def _outputs(stage: Mapping[str, Any]) -> Iterator[tuple[PurePosixPath, bool]]:
    for kind in ("outs", "metrics", "plots"):
        for path, settings in _entries(stage.get(kind, [])):
            yield PurePosixPath(path), settings.get("cache") is False


def _entries(listed: Iterable[Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each path with its settings, which may be left out."""
    for entry in listed:
        yield from entry.items() if isinstance(entry, dict) else [(entry, {})]


def _overlap(taken: PurePosixPath, made: PurePosixPath) -> bool:
    return taken.is_relative_to(made) or made.is_relative_to(taken)

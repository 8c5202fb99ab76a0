"""The variants that tests run; their names are in the tests' ids: `make test VARIANT=name`."""

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from harness import machine, tables

TASKS = ("classification", "regression", "forecasting")
PYTHONS = ("3.11", "3.12", "3.13")

_SETTINGS = tables.read(machine.ROOT)
_CHOICES = tables.choices(_SETTINGS)

OPTIONS = {
    name: answers
    for name, answers in _CHOICES.items()
    if name not in ("license", "python_version", "task")
}
"""The questions whose answers can be changed later, with these answers; the first is the default."""

SWITCHES = {
    f"{name}-{answer}": tables.completed(_SETTINGS, {name: answer})
    for name, answers in OPTIONS.items()
    for answer in answers[1:]
}
"""Each answer that is no default, with the others that it needs."""

CANNOT_RUN_HERE = [
    {
        "answers": {"framework": "pytorch", "python_version": version},
        "because": f"the wheels for processors alone are for Python {', '.join(machine.torch_wheels())}, "
        "and those of the index bring gigabytes for GPUs",
    }
    for version in PYTHONS
    if machine.torch_wheels() and version not in machine.torch_wheels()
]
"""Combinations that are rendered and not run, in the form of those that copier.yml refuses."""

VARIANTS = {
    tables.title(answers): answers
    for answers in tables.covering(
        _SETTINGS, [name for name in _CHOICES if name != "license"], left_out=CANNOT_RUN_HERE
    )
}
"""Sets of answers in which any two options meet, by name, where this machine can run both."""

KUBEFLOW = {
    "orchestrator": "kubeflow",
    "storage": "s3",
    "python_version": "3.11",
    "tracking": "dvc",
    "compute": "local",
}
"""A project whose stages share no disk, for the Python of every container engine, and nothing that they do not need."""

STAGES = ["configure", "prepare", "train", "evaluate", "document", "gate"]
"""The stages of a project that tracks by DVC alone, in the order of dvc.yaml."""


def variant_with(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a variant with these answers, whose project is made anyway; the answers alone if none has them.

    Of several it is the one with the most defaults: the quickest.
    """

    def defaults(variant: Mapping[str, Any]) -> int:
        return sum(
            variant[name] == answers[0] for name, answers in _CHOICES.items() if name in variant
        )

    having = [variant for variant in VARIANTS.values() if given.items() <= variant.items()]
    return max(having, key=defaults, default=given)


def each(titles: Iterable[str]) -> list[Any]:
    """Return parameters of a fixture that makes one project of each title.

    The tests of a title run in one worker: another would wait while the project is made.
    """
    return [pytest.param(title, marks=pytest.mark.xdist_group(title)) for title in titles]

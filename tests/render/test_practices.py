"""The page of practices names a place and a command for each, and all of them are in the project."""

import ast
import re
import shlex
import tomllib
from collections.abc import Callable

import pytest
import yaml
from harness.practices import COMMAND, PAGE, commands, practices
from harness.rendered import Variant

LINK = re.compile(r"\[[^\]]+\]\([^)]+\)")
OF_THE_MACHINE = {
    "docker build": "Dockerfile",
    "docker compose": "compose.yaml",
    "git log": ".gitignore",
    "kubectl kustomize": "deploy/kubernetes/base/kustomization.yaml",
    "uv lock": "pyproject.toml",
}
"""Programs that a person has, with the file without which they have nothing to do here."""


def test_every_practice_has_a_place_and_a_command_or_a_page(variant: Variant) -> None:
    rows = practices(variant.texts[PAGE])

    assert len(rows) > 30
    assert [row for row in rows if not COMMAND.search(row[1])] == []
    assert [row for row in rows if not _is_one(COMMAND, row[2]) and not _is_one(LINK, row[2])] == []


def test_every_command_exists_with_what_it_names(variant: Variant) -> None:
    printed = commands(variant.texts[PAGE])

    assert printed
    assert [command for command in printed if not _exists(variant, command)] == []


@pytest.mark.parametrize(
    "command",
    [
        "uv run poe serv",
        "uv run pytest tests/nothing",
        "uv run python -m penguin_species gat",
        "uv run python -m penguin gate",
        "uv run airflow standalone",
        "uv run dvc reproduce",
        "kubectl kustomize deploy/kubernetes/overlays/production",
        "kubectl get pods",
        "git log docs/missing.md",
        "uv run poe monitor data/tests.parquet",
    ],
)
def test_a_command_that_is_not_there_is_noticed(defaults: Variant, command: str) -> None:
    assert not _exists(defaults, command)


def _is_one(kind: re.Pattern[str], cell: str) -> bool:
    return kind.fullmatch(cell) is not None


def _exists(variant: Variant, command: str) -> bool:
    words = shlex.split(command)
    paths = [word for word in words[2:] if "/" in word and not word.startswith("scored/")]
    if any(not (variant.path / path).exists() for path in set(paths) - _made(variant)):
        return False
    if words[:2] != ["uv", "run"]:
        return OF_THE_MACHINE.get(" ".join(words[:2])) in variant.files
    program, *arguments = words[2:]
    return PROGRAMS.get(program, _is_unknown)(variant, arguments)


def _made(variant: Variant) -> set[str]:
    """Return the files that the pipeline leaves for DVC to keep."""
    stages = yaml.safe_load(variant.texts["dvc.yaml"])["stages"].values()
    return {out for stage in stages for out in stage.get("outs", []) if isinstance(out, str)}


def _is_unknown(_variant: Variant, _arguments: list[str]) -> bool:
    return False


def _is_task(variant: Variant, arguments: list[str]) -> bool:
    poe = tomllib.loads(variant.texts["pyproject.toml"])["tool"]["poe"]
    included = [tomllib.loads(variant.texts[name]) for name in poe.get("include", [])]
    return any(arguments[0] in one["tasks"] for one in (poe, *(i["tool"]["poe"] for i in included)))


def _is_module(variant: Variant, arguments: list[str]) -> bool:
    """Whether `python -m` finds the module, and it the command."""
    dashed, module, command, *_ = arguments
    main = f"src/{module.replace('.', '/')}/__main__.py"
    words = ast.walk(ast.parse(variant.texts.get(main, "")))
    return dashed == "-m" and any(
        isinstance(word, ast.Constant) and word.value == command for word in words
    )


def _is_of_dvc(variant: Variant, arguments: list[str]) -> bool:
    # Each of them is run by other tests.
    known = {"dag", "exp", "metrics", "push", "repro", "status"}
    return arguments[0] in known and _is_installed(variant, "dvc")


def _is_installed(variant: Variant, name: str) -> bool:
    groups = tomllib.loads(variant.texts["pyproject.toml"])["dependency-groups"]
    needed = [one for group in ("pipeline", "dev") for one in groups[group]]
    return any(re.match(rf"{name}\b(?!-)", one) for one in needed)


PROGRAMS: dict[str, Callable[[Variant, list[str]], bool]] = {
    "dvc": _is_of_dvc,
    "poe": _is_task,
    "pre-commit": lambda variant, _: _is_installed(variant, "pre-commit"),
    "pytest": lambda variant, _: _is_installed(variant, "pytest"),
    "python": _is_module,
}

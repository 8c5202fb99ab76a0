"""What this machine offers to a test: programs, interpreters, a clean environment."""

import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Traces of the test run itself, which would steer the commands that it starts.
_OURS = (
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONPATH",
    "VIRTUAL_ENV",
    "UV_PROJECT_ENVIRONMENT",
    "UV_PYTHON",
)
_OUR_PREFIXES = ("COV_", "COVERAGE_", "GIT_", "GITHUB_", "PYTEST_")


def environment(**changes: str) -> dict[str, str]:
    """Return the environment of a person at a shell, without what the test run added to it."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if name not in _OURS and (not name.startswith(_OUR_PREFIXES) or name == "GIT_SSL_CAINFO")
    }
    own_tools = str(Path(sys.executable).parent)
    path = [folder for folder in clean["PATH"].split(os.pathsep) if folder != own_tools]
    # `uv run` tells in UV where it lies, which need not be on PATH.
    if uv := os.environ.get("UV"):
        path.insert(0, str(Path(uv).parent))
    # As many tests run at once as there are cores: a thread per core in each of them only costs.
    alone = {"OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1"}
    return clean | {"PATH": os.pathsep.join(path)} | alone | changes


def leave_out(reason: str) -> NoReturn:
    """Leave this test out for what the machine lacks; SLIPWAY_REQUIRE_ALL makes that a failure."""
    pytest.skip(reason)


def tool(name: str) -> Path:
    """Return the program of the test environment, such as zizmor."""
    return Path(sys.executable).parent / name


def require(name: str, why: str) -> Path:
    """Return a program of the machine, or leave the test out."""
    found = shutil.which(name, path=environment()["PATH"])
    return Path(found) if found else leave_out(f"{name} is not on this machine: {why}")


def require_compose() -> None:
    """Leave the test out where docker has no Compose; an engine need not run."""
    docker = require("docker", "Compose reads its own file")
    asked = subprocess.run(
        [docker, "compose", "version"], env=environment(), capture_output=True, check=False
    )
    if asked.returncode:
        leave_out("docker has no Compose on this machine")


def interpreter(version: str) -> str:
    """Return what to tell uv as UV_PYTHON: a path where pyenv keeps that Python, else its version.

    uv takes pyenv's shims for interpreters, and they answer for the wrong version.
    """
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    found = sorted(root.glob(f"versions/{version}.*/bin/python{version}"))
    return str(found[-1]) if found else version


@cache
def torch_wheels() -> dict[str, Path]:
    """Return the PyTorch wheels for processors alone that pip is told where to find, by Python version.

    The one of the package index brings gigabytes for GPUs.
    """
    if not (pip := shutil.which("pip", path=environment()["PATH"])):
        return {}
    told = subprocess.run([pip, "config", "list"], capture_output=True, text=True, check=False)
    folders = " ".join(re.findall(r"^\S*find-links='(.*)'$", told.stdout, re.MULTILINE)).split()
    wheels = [wheel for folder in folders for wheel in Path(folder).glob("torch-*+cpu-cp3*.whl")]
    return {re.sub(r".*-cp3(\d+)-.*", r"3.\1", wheel.name): wheel for wheel in sorted(wheels)}


def lighter_torch(python: str) -> str:
    """Return what to add to `uv lock` for PyTorch without what GPUs need, where that can be had."""
    if not (wheel := torch_wheels().get(python)):
        return ""
    version = wheel.name.split("-")[1]
    return f"--find-links {wheel.parent} --upgrade-package torch=={version}"


def require_python(version: str) -> str:
    """Return what to tell uv as UV_PYTHON, or leave the test out if uv cannot get that Python."""
    wanted = interpreter(version)
    if complaint := _missing(wanted):
        leave_out(f"Python {version} is not on this machine, and uv does not get it: {complaint}")
    return wanted


@cache
def _missing(python: str) -> str:
    """Return why uv has no such Python and gets none, or nothing."""
    for command in ("find", "install"):
        ran = subprocess.run(
            ["uv", "python", command, python],
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if not ran.returncode:
            return ""
    return ran.stderr.strip().splitlines()[-1].strip()

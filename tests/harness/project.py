"""A generated project, as a person has it after the first hour."""

import hashlib
import json
import shutil
import subprocess
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from filelock import FileLock

from harness import bytecode, machine
from harness.command import run
from harness.git import begin, commit


@dataclass(frozen=True)
class Project:
    """A generated project on disk, and the environment that its commands run in.

    Projects with the same name and dependencies share one environment, into which the first of
    them is installed; each one's own code comes first on PYTHONPATH. The plain way, an environment
    of the project's own, is what infrastructure/test_workflow.py walks.
    """

    path: Path
    environment: Path

    @property
    def package(self) -> str:
        """The name that the code imports."""
        return str(read_pyproject(self.path)["project"]["name"]).replace("-", "_")

    @property
    def bytecode(self) -> Path:
        """What Python compiled in environments of other projects."""
        return self.environment.with_name("bytecode")

    def run(
        self, command: str, *, check: bool = True, timeout: float = 900, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command line in the project's folder, without a shell; `stdout` has both outputs.

        Raises AssertionError with what the command printed if it fails, unless `check` is False.
        """
        own = {
            "UV_PROJECT_ENVIRONMENT": str(self.environment),
            "UV_NO_SYNC": "1",
            "PYTHONPATH": str(self.path / "src"),
            # What is known of the libraries' types holds for every project: 19 s become 1 s.
            "MYPY_CACHE_DIR": str(self.environment.with_name("mypy")),
        }
        return run(command, self.path, check=check, timeout=timeout, **own | variables)

    def copy(self, to: Path) -> "Project":
        """Return a copy that a test may change, in a folder that does not exist yet."""
        shutil.copytree(self.path, to, symlinks=True)
        return replace(self, path=to)

    def keep_bytecode(self) -> None:
        """Lend what Python compiled here to the environments that are still to come."""
        bytecode.keep(self.environment, self.bytecode)

    def commit(self, message: str) -> None:
        """Commit everything that is in the project's folder and not ignored."""
        commit(self.path, message)


def opened(path: Path, environments: Path) -> Project:
    """Return the project that `start` set up."""
    return Project(path, environments / _fingerprint(read_pyproject(path)))


def start(path: Path, environments: Path) -> Project:
    """Take a freshly rendered project through git, `uv sync` and its first commit.

    Leaves the test out where its Python cannot be had.
    """
    project = opened(path, environments)
    begin(path)

    oldest = read_pyproject(path)["project"]["requires-python"].removeprefix(">=")
    python = machine.require_python(oldest)
    run(f"uv lock --quiet {machine.lighter_torch(oldest)}", path, UV_PYTHON=python)
    environments.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{project.environment}.lock"):
        if not project.environment.exists():
            into = str(project.environment)
            run("uv sync --quiet --frozen", path, UV_PYTHON=python, UV_PROJECT_ENVIRONMENT=into)
            bytecode.lend(project.bytecode, project.environment)

    project.commit("Generate the project")
    return project


def read_pyproject(path: Path) -> dict[str, Any]:
    """Return a project's pyproject.toml."""
    return tomllib.loads((path / "pyproject.toml").read_text(encoding="utf-8"))


def _fingerprint(declared: dict[str, Any]) -> str:
    """Say in a few letters what decides about an environment: name, Python and dependencies."""
    decisive = [
        declared["project"]["name"],
        declared["project"]["requires-python"],
        declared["project"]["dependencies"],
        declared["dependency-groups"],
    ]
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()[:12]

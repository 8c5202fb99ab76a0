"""Every hook of the generated project passes on a fresh one and on its first commits, and stops the fault it is for."""

import json
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness.git import begin, release
from harness.once import once
from harness.project import Project, opened

HERE = Path(__file__).parent
CONFIG = HERE.parents[1] / "template/.pre-commit-config.yaml"
REPOSITORIES = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))["repos"]

# Put together here, so that our own repository holds nothing that looks like a key.
KEY = "AKIA" + "Q4" + "ZLM7TRWX" + "5KVB2N"
WORKFLOW = """\
on: issues
jobs:
  greet:
    runs-on: ubuntu-24.04
    steps:
      - run: echo "${{ github.event.issue.title }}"
"""
NOTEBOOK = {
    "cells": [
        {
            "cell_type": "code",
            "execution_count": 1,
            "id": "one",
            "metadata": {},
            "outputs": [{"name": "stdout", "output_type": "stream", "text": ["a name\n"]}],
            "source": ["print(name)"],
        }
    ],
    "metadata": {},
    "nbformat": 4,
    "nbformat_minor": 5,
}
# For each hook, files that it must not let pass.
FAULTS: dict[str, Mapping[str, str | bytes]] = {
    # A table belongs to DVC: the one place where hooks that change files leave everything as it is.
    "check-added-large-files": {"data/raw/more.csv": b"1,2\n" * 150_000},
    "check-case-conflict": {"notes.txt": "one\n", "Notes.txt": "two\n"},
    "check-illegal-windows-names": {"aux.txt": "Windows cannot write this name\n"},
    "check-merge-conflict": {"notes.txt": "<<<<<<< mine\none\n=======\ntwo\n>>>>>>> theirs\n"},
    "check-toml": {"broken.toml": "a = \n"},
    "check-yaml": {"broken.yaml": "a: [\n"},
    "end-of-file-fixer": {"notes.txt": "no last line break"},
    "mixed-line-ending": {"notes.txt": b"one\r\ntwo\n"},
    "trailing-whitespace": {"notes.txt": "one \n"},
    "ruff-check": {"faulty.py": '"""A fault."""\n\nprint(unknown)\n'},
    "ruff-format": {"faulty.py": '"""A fault."""\n\nx = [1,2]\n'},
    "nbstripout": {"notebooks/faulty.ipynb": json.dumps(NOTEBOOK, indent=1) + "\n"},
    "gitleaks": {"settings.txt": f"aws_access_key_id = {KEY}\n"},
    "zizmor": {".github/workflows/faulty.yml": WORKFLOW},
}

# Hooks whose pattern of file names is the fault itself: on sound files there is nothing to run.
SELECT_THEIR_FAULT = {"check-illegal-windows-names": "Skipped"}


@dataclass(frozen=True)
class Hooks:
    """Where the repositories of hooks lie that stand for the real ones."""

    folder: Path

    @property
    def variables(self) -> dict[str, str]:
        """Lead git from GitHub to the folder; pre-commit hides git's other variables from it."""
        return {
            "PRE_COMMIT_HOME": str(self.folder / "installed"),
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.file://{self.folder}/.insteadOf",
            "GIT_CONFIG_VALUE_0": "https://github.com/",
        }

    def run(self, project: Project, *hook: str) -> Any:
        """Run one hook, or all of them, on all files."""
        return project.run(
            shlex.join(["uv", "run", "pre-commit", "run", "--all-files", *hook]),
            check=False,
            **self.variables,
        )


@pytest.fixture(scope="session")
def hooks(shared: Path) -> Hooks:
    """Make the repositories that the configuration names, each with the tag that it names."""
    manifests = yaml.safe_load((HERE / "hooks.yaml").read_text(encoding="utf-8"))

    def make(folder: Path) -> None:
        for repository in REPOSITORIES:
            name = repository["repo"].removeprefix("https://github.com/")
            tag = repository["rev"]
            package = manifests[name]["package"].format(version=tag.removeprefix("v"))
            declared = [hook | {"name": hook["id"]} for hook in manifests[name]["hooks"]]
            path = folder / name
            path.mkdir(parents=True)
            (path / ".pre-commit-hooks.yaml").write_text(yaml.safe_dump(declared), encoding="utf-8")
            (path / "pyproject.toml").write_text(
                f'[project]\nname = "hooks"\nversion = "0"\ndependencies = ["{package}"]\n'
                "[tool.setuptools]\npy-modules = []\n",
                encoding="utf-8",
            )
            begin(path)
            release(path, tag)

    return Hooks(once(shared / "hooks", make))


pytestmark = pytest.mark.xdist_group("hooks")


def test_every_hook_passes_on_a_fresh_project(
    hooks: Hooks, fresh_variant: Project, tmp_path: Path
) -> None:
    fresh = fresh_variant.copy(tmp_path / "project")

    ran = hooks.run(fresh)

    assert ran.returncode == 0, ran.stdout
    outcomes = dict(re.findall(r"^([\w-]+)\.{3,}.*?(\w+)$", ran.stdout, re.MULTILINE))
    assert outcomes == dict.fromkeys(FAULTS, "Passed") | SELECT_THEIR_FAULT, ran.stdout
    assert fresh.run("git status --porcelain").stdout == ""


def test_first_steps_of_the_readme_end_with_all_committed_through_the_hooks(
    hooks: Hooks,
    render: Callable[..., Path],
    project: Callable[[str], Project],
    environments: Path,
    tmp_path: Path,
) -> None:
    project("classification")  # of which the environment is
    fresh = opened(render({"project_name": "Penguin Species"}, tmp_path / "project"), environments)
    person = {"GIT_AUTHOR_NAME": "A Person", "GIT_AUTHOR_EMAIL": "person@example.org"}
    person |= {name.replace("AUTHOR", "COMMITTER"): value for name, value in person.items()}
    readme = (fresh.path / "README.md").read_text(encoding="utf-8")
    [steps] = re.findall(r"^## Start\n.*?^```bash\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)

    for step in steps.splitlines():
        # The environment is there: what `uv sync` has yet to do is to write uv.lock.
        fresh.run("uv lock" if step == "uv sync" else step, **hooks.variables, **person)
        if step == "uv sync":
            fresh.run("uv run pre-commit install")

    assert fresh.run("git status --porcelain").stdout == ""
    subjects = fresh.run("git log --format=%s").stdout.splitlines()
    assert subjects == ["Train the first model", "Start from Slipway"]
    assert "uv.lock" in fresh.run("git ls-tree --name-only HEAD~1").stdout.splitlines()
    assert "version 1 is the challenger" in fresh.run("uv run poe register").stdout


@pytest.mark.parametrize("hook", FAULTS)
def test_hook_stops_the_fault_it_is_for(
    hooks: Hooks, project: Callable[[str], Project], hook: str, tmp_path: Path
) -> None:
    faulty = project("classification").copy(tmp_path / "project")
    for name, content in FAULTS[hook].items():
        as_bytes = content if isinstance(content, bytes) else content.encode()
        (faulty.path / name).write_bytes(as_bytes)
    faulty.run("git add --all")

    ran = hooks.run(faulty, hook)

    assert ran.returncode == 1, ran.stdout
    assert f"- hook id: {hook}" in ran.stdout


def test_every_hook_has_a_fault_here() -> None:
    configured = [hook["id"] for repository in REPOSITORIES for hook in repository["hooks"]]

    assert sorted(configured) == sorted(FAULTS)

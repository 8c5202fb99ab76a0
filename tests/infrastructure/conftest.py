"""What these tests need of the machine: a container engine, GitHub's workflow parser."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import machine
from harness.command import run
from harness.once import once
from harness.project import Project


@pytest.fixture(scope="session")
def engine() -> None:
    """Ask for a running container engine."""
    machine.require("docker", "a container engine is needed")
    asked = run("docker info --format {{.ServerVersion}}", machine.ROOT, check=False)
    if asked.returncode:
        machine.leave_out(f"no container engine answers: {asked.stdout.strip()}")


@pytest.fixture(scope="session")
def batch(project: Callable[..., Project]) -> Project:
    """Return a project that scores files with Docker Compose, on the Python that every engine's images have."""
    return project("classification", serving="batch", deployment="compose", python_version="3.11")


@pytest.fixture(scope="session")
def programs(shared: Path) -> Path:
    """Return a folder with a docker that builds in the network of the host.

    GitHub's runners give a build its own network; the engine of a test machine may not be able to.
    """

    def write(folder: Path) -> None:
        docker = machine.require("docker", "a container engine is needed")
        folder.mkdir()
        (folder / "docker").write_text(
            "#!/bin/sh\n"
            'if [ "$1" = build ]; then shift; set -- build --network host "$@"; fi\n'
            f'exec "{docker}" "$@"\n',
            encoding="utf-8",
        )
        (folder / "docker").chmod(0o755)

    return once(shared / "programs", write)


@pytest.fixture(scope="session")
def reader(shared: Path) -> Path:
    """Return workflow.mjs and the parser it imports, in one file that node runs."""
    machine.require("node", "GitHub's workflow parser runs on it")
    modules = os.environ.get("SLIPWAY_NPM")
    if not modules:
        machine.leave_out(
            "SLIPWAY_NPM does not name a node_modules folder with @actions/workflow-parser, "
            "@actions/expressions and esbuild"
        )

    def bundle(folder: Path) -> None:
        folder.mkdir()
        subprocess.run(
            [
                Path(modules) / ".bin/esbuild",
                Path(__file__).with_name("workflow.mjs"),
                f"--outfile={folder / 'workflow.cjs'}",
                *("--bundle", "--platform=node", "--format=cjs", "--log-level=warning"),
            ],
            env=machine.environment(NODE_PATH=modules),
            check=True,
        )

    return once(shared / "reader", bundle) / "workflow.cjs"

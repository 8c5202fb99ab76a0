"""The cluster of one container engine (infrastructure/cluster.py), as a test gives it to what calls kubectl."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness import machine
from harness.command import run

PROGRAM = machine.ROOT / "tests/infrastructure/cluster.py"


def write_kubectl(folder: Path) -> None:
    """Put a kubectl into a folder of programs that leads to the cluster."""
    kubectl = folder / "kubectl"
    kubectl.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{PROGRAM}" "$@"\n', encoding="utf-8")
    kubectl.chmod(0o755)


def variables(place: Path) -> dict[str, str]:
    """Return what the cluster is told: where it remembers everything, and which kubectl is the real one."""
    real = machine.require("kubectl", "Kustomize is inside it")
    return {"CLUSTER": str(place), "KUBECTL": str(real), "KUBECONFIG": str(place / "kubeconfig")}


def remembered(place: Path) -> dict[str, Any]:
    """Return what the cluster has been told so far."""
    told: dict[str, Any] = json.loads((place / "state.json").read_text(encoding="utf-8"))
    return told


def running_image(place: Path) -> str:
    """Return the image of the container that answers for the Service."""
    return image_of(remembered(place)["ready"])


def image_of(container: str) -> str:
    """Return the image of a container, which has to run."""
    told = run(
        f"docker inspect --format {{{{.State.Running}}}}:{{{{.Config.Image}}}} {container}",
        machine.ROOT,
    )
    running, _, image = told.stdout.strip().partition(":")
    assert running == "true"
    return image


@contextmanager
def emptied(place: Path) -> Iterator[None]:
    """Remove every container of a cluster when the block ends."""
    try:
        yield
    finally:
        listed = f"docker ps --all --quiet --filter label=slipway-test-cluster={place}"
        for container in run(listed, machine.ROOT).stdout.split():
            run(f"docker rm --force --volumes {container}", machine.ROOT)

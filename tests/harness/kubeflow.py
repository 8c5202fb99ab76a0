"""What a project's pipeline on Kubeflow asks of its cluster."""

import subprocess
from pathlib import Path

import yaml

from harness import machine


def asked_of_pods(project: Path) -> set[str]:
    """Return the keys of the secret that kubectl makes of the project's example."""
    kubectl = machine.require("kubectl", "it makes a secret of a file")
    example = project / "orchestration/kubeflow/secret.env.example"
    command = "create secret generic pipeline --dry-run=client --output yaml --from-env-file"
    made = subprocess.run(
        [kubectl, *command.split(), example], check=True, capture_output=True, text=True
    )
    return set(yaml.safe_load(made.stdout).get("data", {}))

"""Workflows log in to the MLflow that a team shares where their runs are to be kept, and nowhere else."""

from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import pytest
from harness.kubeflow import asked_of_pods
from harness.project import Project
from harness.workflow import Workflow

SECRETS = {
    "MLFLOW_TRACKING_URI": "https://mlflow.example.org",
    "MLFLOW_TRACKING_USERNAME": "workflow",
    "MLFLOW_TRACKING_PASSWORD": "a password",
    "MLFLOW_TRACKING_TOKEN": "a token",
}

# As for the other tests that take this project.
pytestmark = pytest.mark.xdist_group("tracking mlflow")


def test_what_ci_and_the_monitor_make_anew_is_logged_on_no_server(
    reader: Path, project: Callable[..., Project], tmp_path: Path
) -> None:
    made = project("classification", tracking="mlflow", storage="local").copy(tmp_path / "project")
    settings = made.path / "conf/tracking/mlflow.yaml"
    text = settings.read_text(encoding="utf-8")
    assert "uri: sqlite:///mlflow.db" in text
    dead = text.replace("uri: sqlite:///mlflow.db", "uri: http://127.0.0.1:9")
    settings.write_text(dead, encoding="utf-8")

    told = [
        _environment(reader, made.path, "ci.yml", "pipeline", "Run the pipeline up to its gate"),
        _environment(
            reader,
            made.path,
            "monitor.yml",
            "watch",
            "Make the rows and the model that are the measure",
        ),
    ]
    alone = [
        {name: value for name, value in env.items() if name.startswith("MLFLOW_")} for env in told
    ]

    assert alone[0] == alone[1]
    assert (
        "MLflow at http://127.0.0.1:9 fails"
        in made.run("uv run dvc repro track", check=False).stdout
    )
    made.run("uv run dvc repro track", **alone[0])


def test_weekly_training_takes_address_and_credentials_of_the_server_from_secrets(
    reader: Path, render: Callable[..., Path]
) -> None:
    path = render({"tracking": "mlflow"})

    told = _environment(reader, path, "retrain.yml", "train", "Run the pipeline up to its gate")

    assert {name: told.get(name) for name in SECRETS} == SECRETS


def test_pods_take_address_and_credentials_of_the_server_from_the_secret_that_its_example_makes(
    render: Callable[..., Path],
) -> None:
    path = render({"tracking": "mlflow", "orchestrator": "kubeflow", "storage": "gcs"})

    assert asked_of_pods(path) == set(SECRETS)


def _environment(reader: Path, project: Path, file: str, job: str, step: str) -> Mapping[str, str]:
    """Return the environment of a step of a workflow, as GitHub's own parser evaluates it."""
    contexts = {
        "github": {"event": {}},
        "secrets": SECRETS,
        "vars": {"MONITOR": "true"},
        **{name: {} for name in ("inputs", "matrix", "needs", "steps")},
    }
    with closing(Workflow(reader, project / ".github/workflows" / file)) as workflow:
        about = workflow.ask("job", job=job, contexts=contexts | {"env": {}}, status="success")
        assert about["runs"]
        for number in range(about["steps"]):
            asked = {"job": job, "step": number, "status": "success"}
            found = workflow.ask("step", contexts=contexts | {"env": about["env"]}, **asked)
            if found["name"] == step:
                return dict(found["env"])
    raise LookupError(f"{file} has no step {step}")

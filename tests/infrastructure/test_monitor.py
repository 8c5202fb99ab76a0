"""The workflow that looks at what was served raises an alarm for other rows alone, and has the model trained anew."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from harness.project import Project
from harness.servers import hearing
from harness.workflow import Ran, Runner, Workflow

LOOK = "Look"
SERVE = """
import sys
from fastapi.testclient import TestClient
from {package}.serve.app import create_app
import polars as pl
rows = pl.read_parquet("data/test.parquet").drop("species")
if sys.argv[1] == "heavier":
    rows = rows.with_columns((pl.col("body_mass_g") + 1800).clip(upper_bound=7200))
rows = rows.with_columns(pl.selectors.temporal().dt.to_string("iso:strict")).to_dicts()
with TestClient(create_app()) as client:
    for _ in range(3):
        answer = client.post("/predict", json={{"rows": rows}})
        assert answer.status_code == 200, answer.text
"""
"""Asks the service for the rows that the model was tested on, or for others."""

pytestmark = pytest.mark.xdist_group("retrain")


@pytest.fixture(scope="module")
def workflow(reader: Path, project: Callable[..., Project]) -> Iterator[Workflow]:
    read = Workflow(reader, project("classification").path / ".github/workflows/monitor.yml")
    yield read
    read.close()


@pytest.fixture
def look(
    workflow: Workflow, project: Callable[..., Project], tmp_path: Path
) -> Iterator[Callable[[str], tuple[Runner, Ran]]]:
    """Return a function that has the service asked for such rows, and runs the job that looks."""
    origin = project("classification")
    (tmp_path / "serve.py").write_text(SERVE.format(package=origin.package), encoding="utf-8")
    store = {"STORE_URL": f"sqlite:///{tmp_path}/predictions.db"}

    def run(rows: str) -> tuple[Runner, Ran]:
        origin.run(f"uv run python {tmp_path}/serve.py {rows}", **store)
        runner = Runner(
            *(workflow, origin, "", tmp_path / "runner", tmp_path),
            event="schedule",
            secrets=store,
            settings={"MONITOR": "true"},
        )
        return runner, runner.run("watch")

    yield run
    for environment in tmp_path.glob("runner/*/workspace/.venv"):
        shutil.rmtree(environment)


def test_the_tests_here_run_every_job_of_the_workflow(workflow: Workflow) -> None:
    assert [job["id"] for job in workflow.ask("jobs")] == ["watch", "retrain"]


def test_other_rows_fail_the_run_with_its_page_and_have_the_model_trained_anew(
    look: Callable[[str], tuple[Runner, Ran]],
) -> None:
    runner, ran = look("heavier")

    assert ran.status == "failure"
    assert ran.outcome(LOOK) == "success", str(ran)
    assert ran.outcome("Fail if there is an alarm") == "failure", str(ran)
    assert "body_mass_g" in ran.summary
    assert ran.outputs == {"alarm": "true"}
    kept = runner.folder / "artifacts/monitor"
    assert {path.name for path in kept.rglob("*") if path.is_file()} >= {
        "monitor.html",
        "monitor.json",
    }

    alarmed = replace(runner, needs={"watch": {"result": "failure", "outputs": ran.outputs}})
    with hearing() as github:
        started = replace(alarmed, api=github.address).run("retrain", status="failure")
        assert started.status == "success", str(started)
        [asked] = github.requests
    path = "/repos/owner/project/actions/workflows/retrain.yml/dispatches"
    assert (asked.method, asked.path) == ("POST", path)
    assert asked.headers["Authorization"] == "Bearer a token"
    assert asked.body["ref"] == "main"
    assert asked.body["inputs"]["issue"] == "true"
    assert "https://github.example/owner/project/actions/runs/42" in asked.body["inputs"]["reason"]
    assert replace(alarmed, folder=runner.folder / "mute").run("retrain").status == "failure"


def test_rows_as_ever_raise_no_alarm(look: Callable[[str], tuple[Runner, Ran]]) -> None:
    runner, ran = look("as-ever")

    assert ran.status == "success", str(ran)
    assert not ran.outputs.get("alarm")
    calm = {"watch": {"result": "success", "outputs": {"alarm": ""}}}
    assert not replace(runner, needs=calm).runs("retrain", "success")


def test_nothing_is_looked_at_before_there_is_a_store(
    workflow: Workflow, project: Callable[..., Project], tmp_path: Path
) -> None:
    runner = Runner(workflow, project("classification"), "", tmp_path, tmp_path, event="schedule")

    assert not runner.runs("watch", "success")

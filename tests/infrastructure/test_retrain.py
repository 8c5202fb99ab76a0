"""The workflow that trains every week does so on the data of that day, and tells when it fails."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from harness.edits import demand_the_impossible, drop_first_rows, import_table
from harness.project import Project
from harness.servers import hearing
from harness.workflow import Ran, Runner, Workflow

TAKE = "Take the data as they are today"
TRAIN = "Run the pipeline up to its gate"
SHOW = "Show the metrics and what became of each objective"
KEEP_REPORTS = "Keep the reports, and what a commit of this model would hold"
KEEP_MODEL = "Keep the model that passed the gate"
TABLE = "data/raw/penguins.csv"

pytestmark = pytest.mark.xdist_group("retrain")


@pytest.fixture(scope="module")
def fresh(project: Callable[..., Project]) -> Project:
    return project("classification", orchestrator="none")


@pytest.fixture(scope="module")
def workflow(reader: Path, fresh: Project) -> Iterator[Workflow]:
    read = Workflow(reader, fresh.path / ".github/workflows/retrain.yml")
    yield read
    read.close()


@pytest.fixture
def runner(workflow: Workflow, fresh: Project, tmp_path: Path) -> Iterator[Runner]:
    """What runs the jobs of a copy of the project, each in a fresh clone, as the schedule would."""
    copy = fresh.copy(tmp_path / "origin")
    yield Runner(workflow, copy, "", tmp_path / "runner", tmp_path, event="schedule")
    for environment in tmp_path.glob("runner/*/workspace/.venv"):
        shutil.rmtree(environment)


def test_the_tests_here_run_every_job_of_the_workflow(workflow: Workflow) -> None:
    assert [job["id"] for job in workflow.ask("jobs")] == ["train", "tell"]


def test_new_rows_at_the_source_of_an_import_are_trained_on(
    runner: Runner, fresh: Project, tmp_path: Path
) -> None:
    origin = runner.repository
    source = tmp_path / "source.csv"
    origin.run(f"uv run dvc remote modify storage url {tmp_path / 'storage'}")
    import_table(origin, TABLE, source)
    (origin.path / "data/notes of others.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    origin.run("uv run dvc add 'data/notes of others.csv'")
    origin.run("uv run dvc push")
    origin.commit("Take the rows from where they come from")
    drop_first_rows(source, 20)

    ran = runner.run("train")

    assert ran.status == "success", str(ran)
    clone = runner.folder / "train/workspace"
    seen = json.loads((clone / "reports/data.json").read_text(encoding="utf-8"))
    before = json.loads((fresh.path / "reports/data.json").read_text(encoding="utf-8"))
    assert seen["rows"] == before["rows"] - 20
    assert (clone / "data/notes of others.csv").read_text(encoding="utf-8") == "a,b\n1,2\n"
    _shows_metrics_and_objectives(ran, clone)
    assert "## Retrained: every week" in ran.summary
    kept = runner.folder / "artifacts"
    assert {path.name for path in (kept / "model").iterdir()} == {"model.onnx", "model.skops"}
    assert {"MODEL_CARD.md", "dvc.lock", "params.yaml", "reports"} == {
        path.name for path in (kept / "reports").iterdir()
    }
    assert not runner.runs("tell", "success")


def test_missed_objective_fails_the_run_with_its_figures_and_opens_one_issue(
    runner: Runner, fresh: Project
) -> None:
    origin = runner.repository
    demand_the_impossible(origin.path / "conf/objectives.yaml")
    origin.commit("Demand the impossible")

    ran = runner.run("train")

    assert ran.status == "failure"
    assert ran.outcome(TRAIN) == "failure"
    assert "better_than_baseline" in str(ran)
    _shows_metrics_and_objectives(ran, runner.folder / "train/workspace")
    assert "FAIL" in ran.summary
    assert ran.outcome(KEEP_REPORTS) == "success", str(ran)
    assert ran.outcome(KEEP_MODEL) == "skipped"

    with hearing() as github:
        github.answer = []
        told = replace(runner, api=github.address).run("tell", status="failure")
        assert told.status == "success", str(told)
        asked, opened = github.requests
        assert (asked.method, asked.path) == (
            "GET",
            "/repos/owner/project/issues?state=open&labels=retraining",
        )
        assert (opened.method, opened.path) == ("POST", "/repos/owner/project/issues")
        assert opened.headers["Authorization"] == "Bearer a token"
        assert opened.body["title"] == "Retraining failed"
        assert opened.body["labels"] == ["retraining"]
        assert "https://github.example/owner/project/actions/runs/42" in opened.body["body"]

    with hearing() as github:
        github.answer = [{"number": 7}]
        again = replace(runner, api=github.address, folder=runner.folder / "again")
        assert again.run("tell", status="failure").status == "success"
        assert github.requests[-1].path == "/repos/owner/project/issues/7/comments"
        assert "/actions/runs/42" in github.requests[-1].body["body"]


def test_issue_that_cannot_be_opened_fails_its_job(runner: Runner) -> None:
    told = runner.run("tell", status="failure")

    assert told.status == "failure"
    assert "curl" in str(told)


def test_run_by_hand_says_why_and_opens_an_issue_only_if_asked(runner: Runner) -> None:
    by_hand = replace(runner, event="workflow_dispatch")

    assert not replace(by_hand, inputs={"reason": "x", "issue": False}).runs("tell", "failure")
    assert replace(by_hand, inputs={"reason": "x", "issue": True}).runs("tell", "failure")
    assert runner.runs("tell", "failure")


def test_data_that_the_storage_does_not_hold_stop_the_run(
    runner: Runner, fresh: Project, tmp_path: Path
) -> None:
    origin = runner.repository
    origin.run(f"uv run dvc remote modify storage url {tmp_path / 'storage'}")
    origin.run(f"git rm --quiet --cached {TABLE}")
    origin.run(f"uv run dvc add {TABLE}")
    origin.commit("Forget to push")

    ran = runner.run("train")

    assert ran.status == "failure"
    assert ran.outcome(TAKE) == "failure"
    assert f"could not bring {TABLE}.dvc" in ran.printed(TAKE)
    assert "uv run dvc push" in ran.printed(TAKE)
    assert ran.outcome(TRAIN) == "skipped"
    assert ran.summary == ""


def test_pipeline_that_stops_early_shows_no_figures_of_another_run(
    runner: Runner, fresh: Project
) -> None:
    origin = runner.repository
    table = origin.path / TABLE
    table.write_text(table.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    origin.commit("Lose every row")

    ran = replace(
        runner, event="workflow_dispatch", inputs={"reason": 'a `test`, "quoted" $HOME'}
    ).run("train")

    assert ran.status == "failure"
    assert ran.outcome(TRAIN) == "failure"
    assert ran.outcome(SHOW) == "success", str(ran)
    assert ran.summary == (
        '## Retrained: a `test`, "quoted" $HOME\nThe pipeline stopped before it measured a model.\n'
    )
    assert ran.outcome(KEEP_MODEL) == "skipped"


def _shows_metrics_and_objectives(ran: Ran, clone: Path) -> None:
    metrics = json.loads((clone / "reports/metrics.json").read_text(encoding="utf-8"))
    rows = [line.strip("| ").split("|") for line in ran.summary.splitlines() if "|" in line]
    objectives = yaml.safe_load((clone / "conf/objectives.yaml").read_text(encoding="utf-8"))

    assert set(metrics) <= {row[1].strip() for row in rows if len(row) > 1}, ran.summary
    assert all(name in ran.summary for name in objectives["objectives"]), ran.summary

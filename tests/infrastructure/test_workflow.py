"""Every command of the generated workflow does its work, in a fresh clone on each Python."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from harness.command import run
from harness.edits import configure, move_last_rows
from harness.project import Project
from harness.variants import PYTHONS
from harness.workflow import Ran, Runner, Workflow

TASK = "classification"
TABLE = "data/raw/penguins.csv"
LABELLED = "data/labelled/penguins.csv"
JOBS = [
    ("check", None),
    *(("test", python) for python in PYTHONS),
    ("pipeline", None),
    ("image", None),
]
ROWS = "Check that the rows are those that the commit's model was made of"
COMPARISON = "Compare the metrics with those before the change"
KEPT_MODEL = "Keep the model that passed the gate"


@pytest.fixture(scope="module")
def repository(
    project: Callable[[str], Project], tmp_path_factory: pytest.TempPathFactory
) -> Project:
    """A project whose rows DVC keeps, and whose commit before the last one knew worse metrics."""
    place = tmp_path_factory.mktemp("origin")
    copy = project(TASK).copy(place / "project")
    move_last_rows(copy.path / TABLE, copy.path / LABELLED, 100)
    configure(copy, "data/file.yaml", more=LABELLED)
    copy.run(f"uv run dvc remote modify storage url {place / 'storage'}")
    copy.run(f"git rm --quiet --cached {TABLE}")
    copy.run(f"uv run dvc add --quiet {TABLE} data/labelled")
    copy.run("uv run poe pipeline")
    copy.run("uv run dvc push")
    metrics = copy.path / "reports/metrics.json"
    today = metrics.read_text(encoding="utf-8")
    metrics.write_text(json.dumps(json.loads(today) | {"accuracy": 0.12345}), encoding="utf-8")
    copy.commit("Know worse metrics")
    metrics.write_text(today, encoding="utf-8")
    copy.commit("Make it better")
    return copy


@pytest.fixture(scope="module")
def workflow(reader: Path, repository: Project) -> Iterator[Workflow]:
    read = Workflow(reader, repository.path / ".github/workflows/ci.yml")
    yield read
    read.close()


@pytest.fixture(scope="module")
def runner(
    workflow: Workflow,
    repository: Project,
    programs: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Runner:
    before = run("git rev-parse HEAD~1", repository.path).stdout.strip()
    return Runner(workflow, repository, before, tmp_path_factory.mktemp("runner"), programs)


@pytest.fixture(scope="module")
def pipeline(runner: Runner) -> Ran:
    return runner.run("pipeline")


def test_the_tests_here_run_every_job_of_the_workflow(workflow: Workflow) -> None:
    listed = [
        (job["id"], combination.get("python"))
        for job in workflow.ask("jobs")
        for combination in job["combinations"]
    ]

    assert listed == JOBS


@pytest.mark.parametrize("task", [TASK])
def test_format_lint_and_types_pass_in_a_fresh_clone(runner: Runner, task: str) -> None:
    ran = runner.run("check")

    assert ran.status == "success", str(ran)


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("task", [TASK])
def test_tests_pass_in_a_fresh_clone_on_each_python(runner: Runner, task: str, python: str) -> None:
    # The variants run all tests on every Python; what is left to show of the others is the way to the tests.
    few = {} if python == PYTHONS[0] else {"PYTEST_ADDOPTS": "--no-cov tests/data"}
    ran = replace(runner, variables=few).run("test", {"python": python})

    assert ran.status == "success", str(ran)
    assert " passed" in ran.steps[-1].output
    assert f"Python {python}" in ran.steps[-1].output or f"python {python}" in ran.steps[-1].output


@pytest.mark.xdist_group("pipeline and image")
@pytest.mark.parametrize("task", [TASK])
def test_pipeline_passes_its_gate_in_a_fresh_clone_on_the_rows_that_dvc_keeps(
    pipeline: Ran, runner: Runner, repository: Project, task: str
) -> None:
    assert pipeline.status == "success", str(pipeline)
    seen, meant = (
        (path / "reports/data.json").read_text(encoding="utf-8")
        for path in (runner.folder / "artifacts/reports", repository.path)
    )
    assert seen == meant
    in_raw = (repository.path / TABLE).read_text(encoding="utf-8").splitlines()[1:]
    assert json.loads(seen)["rows"] == len(in_raw) + 100


@pytest.mark.xdist_group("pipeline and image")
@pytest.mark.parametrize("task", [TASK])
def test_summary_compares_every_metric_with_the_commit_before(
    pipeline: Ran, repository: Project, task: str
) -> None:
    metrics = json.loads((repository.path / "reports/metrics.json").read_text(encoding="utf-8"))
    rows = [line.strip("| ").split("|") for line in pipeline.summary.splitlines() if "|" in line]
    compared = {row[1].strip(): [cell.strip() for cell in row[2:]] for row in rows}

    assert set(metrics) <= set(compared), pipeline.summary
    before, after, change = compared["accuracy"]
    assert before == "0.12345"
    assert float(after) == pytest.approx(metrics["accuracy"], abs=1e-4)
    assert float(change) == pytest.approx(metrics["accuracy"] - 0.12345, abs=1e-4)


@pytest.mark.xdist_group("pipeline and image")
@pytest.mark.parametrize("task", [TASK])
def test_reports_and_model_are_kept_for_later_jobs(
    pipeline: Ran, runner: Runner, task: str
) -> None:
    kept = runner.folder / "artifacts"

    assert pipeline.status == "success", str(pipeline)
    assert (kept / "reports/reports/report.html").is_file()
    assert (kept / "reports/MODEL_CARD.md").is_file()
    assert [path.name for path in (kept / "model").iterdir()] == ["model.onnx"]


@pytest.mark.xdist_group("pipeline and image")
@pytest.mark.parametrize("task", [TASK])
@pytest.mark.usefixtures("engine", "pipeline")
def test_image_is_built_and_answers_in_a_fresh_clone(
    runner: Runner, request: pytest.FixtureRequest, task: str
) -> None:
    request.addfinalizer(lambda: run("docker rm --force service", runner.folder, check=False))

    ran = runner.run("image")

    assert ran.status == "success", str(ran)
    predicted = next(step for step in ran.steps if "prediction" in step.name)
    assert '"predictions"' in predicted.output


@pytest.mark.parametrize("task", [TASK])
def test_missed_objective_fails_the_job_and_still_shows_the_metrics(
    workflow: Workflow, repository: Project, programs: Path, tmp_path: Path, task: str
) -> None:
    strict = repository.copy(tmp_path / "strict")
    objectives = strict.path / "conf/objectives.yaml"
    demanded = yaml.safe_load(objectives.read_text(encoding="utf-8"))
    demanded["objectives"]["better_than_baseline"]["at_least"] = 2
    objectives.write_text(yaml.safe_dump(demanded), encoding="utf-8")
    strict.commit("Demand the impossible")
    first_push = "0" * 40
    runner = Runner(workflow, strict, first_push, tmp_path / "runner", programs)

    ran = runner.run("pipeline")

    assert ran.status == "failure"
    assert ran.outcome("Run the pipeline up to its gate") == "failure"
    assert "better_than_baseline" in str(ran)
    assert ran.outcome(COMPARISON) == "success", str(ran)
    assert "no earlier commit" in ran.summary
    assert "accuracy" in ran.summary
    assert ran.outcome(KEPT_MODEL) == "skipped"
    assert not (runner.folder / "artifacts/model").exists()


@pytest.mark.parametrize("task", [TASK])
def test_rows_that_no_commit_holds_fail_the_job_before_it_trains(
    workflow: Workflow, repository: Project, programs: Path, tmp_path: Path, task: str
) -> None:
    forgetful = repository.copy(tmp_path / "forgetful")
    labelled = forgetful.path / LABELLED
    rows = labelled.read_text(encoding="utf-8").splitlines(keepends=True)
    labelled.write_text("".join(rows[:-50]), encoding="utf-8")
    forgetful.run("uv run dvc repro prepare")
    forgetful.commit("Forget dvc add")

    ran = Runner(workflow, forgetful, "", tmp_path / "runner", programs).run("pipeline")

    assert ran.status == "failure"
    assert ran.outcome(ROWS) == "failure", str(ran)
    assert "uv run dvc add" in ran.printed(ROWS)
    assert ran.outcome("Run the pipeline up to its gate") == "skipped"


@pytest.mark.parametrize("task", [TASK])
def test_pipeline_asks_for_no_secret_before_there_is_an_account(
    project: Callable[..., Project], reader: Path, programs: Path, tmp_path: Path, task: str
) -> None:
    fresh = project(task, data_source="bigquery")
    workflow = Workflow(reader, fresh.path / ".github/workflows/ci.yml")

    ran = Runner(workflow, fresh, "", tmp_path / "runner", programs).run("pipeline")

    workflow.close()
    assert ran.status == "success", str(ran)
    shutil.rmtree(tmp_path / "runner")  # its environment is a gigabyte


@pytest.mark.parametrize("task", [TASK])
def test_missing_lock_file_is_named(
    workflow: Workflow, repository: Project, programs: Path, tmp_path: Path, task: str
) -> None:
    unlocked = repository.copy(tmp_path / "unlocked")
    unlocked.run("git rm --quiet uv.lock")
    unlocked.commit("Forget the lock file")

    ran = Runner(workflow, unlocked, "", tmp_path / "runner", programs).run("check")

    assert ran.status == "failure"
    assert ran.outcome("Install what uv.lock names") == "failure"
    assert "uv.lock" in str(ran)
    assert ran.outcome("Check types") == "skipped"


@pytest.mark.parametrize("task", [TASK])
@pytest.mark.parametrize(
    ("fault", "step"),
    [("import os\n", "Check format and lint"), ('length: int = "one"\n', "Check types")],
    ids=["lint", "types"],
)
def test_fault_in_the_code_fails_the_check_that_guards_it(
    workflow: Workflow,
    repository: Project,
    programs: Path,
    tmp_path: Path,
    task: str,
    fault: str,
    step: str,
) -> None:
    faulty = repository.copy(tmp_path / "faulty")
    module = faulty.path / "src" / faulty.package / "faulty.py"
    module.write_text(f'"""A fault."""\n\n{fault}', encoding="utf-8")
    faulty.commit("Plant a fault")

    ran = Runner(workflow, faulty, "", tmp_path / "runner", programs).run("check")

    assert ran.status == "failure"
    assert ran.outcome(step) == "failure", str(ran)


@pytest.fixture(autouse=True)
def _tidy(runner: Runner, request: pytest.FixtureRequest) -> Iterator[None]:
    """Drop the clones' environments as soon as a job has ended: each is a gigabyte."""
    yield
    for environment in runner.folder.glob("*/workspace/.venv"):
        shutil.rmtree(environment)

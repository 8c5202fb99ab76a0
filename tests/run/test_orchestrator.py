"""Each orchestrator runs the stages of dvc.yaml themselves: all, in their order, and again what may pass."""

import json
import re
import shutil
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness.command import run
from harness.edits import demand_the_impossible, drop_first_rows, import_table
from harness.kubeflow import asked_of_pods
from harness.project import Project
from harness.servers import hearing
from harness.storages import SERVERS, reach
from harness.variants import KUBEFLOW, STAGES

MODELS = ["models/model.onnx", "models/model.skops"]
TABLE = "data/raw/penguins.csv"

# ---------------------------------------------------------------------------------------------------------------------
# Airflow

# What a DAG's file says when Airflow reads it, and which libraries of the project that has imported.
LOOK = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
before = set(sys.modules)
bag = DagBag(sys.argv[1])
[dag] = bag.dags.values()
print(json.dumps({
    "id": dag.dag_id,
    "schedule": str(dag.schedule),
    "catchup": dag.catchup,
    "active runs": dag.max_active_runs,
    "described": bool(dag.doc_md and dag.description and dag.tags),
    "order": {task.task_id: sorted(task.upstream_task_ids) for task in dag.topological_sort()},
    "retries": {task.task_id: task.retries for task in dag.tasks},
    "limited": all(task.execution_timeout for task in dag.tasks),
    "imported": sorted(name for name in set(sys.modules) - before if "." not in name),
    "errors": bag.import_errors,
}))
"""


@pytest.fixture(scope="module")
def airflow(project: Callable[..., Project]) -> Project:
    return project("classification", orchestrator="airflow", tracking="dvc")


def test_dag_is_read_without_what_is_heavy_and_says_when_it_runs(
    airflow: Project, tmp_path: Path
) -> None:
    program = tmp_path / "look.py"
    program.write_text(LOOK, encoding="utf-8")
    folder = airflow.path / "orchestration/airflow/dags"

    read = _with_airflow(airflow, f"python {program} {folder}", tmp_path)

    assert read["errors"] == {}
    assert read["id"] == airflow.package
    assert "0 3 * * 1" in read["schedule"]
    assert (read["catchup"], read["active runs"]) == (False, 1)
    assert read["described"]
    assert read["limited"]
    assert list(read["order"]) == ["fetch_data", *STAGES]
    assert read["order"]["configure"] == ["fetch_data"]
    assert read["order"]["train"] == ["configure", "prepare"]
    assert read["retries"] == {task: 0 if task == "gate" else 2 for task in read["order"]}
    assert {"dvc", "hydra", "numpy", "polars", "pydantic", "sklearn"}.isdisjoint(read["imported"])


def test_airflow_runs_every_stage_in_order_on_todays_rows_and_tries_again_what_failed_once(
    airflow: Project, tmp_path: Path
) -> None:
    copy = airflow.copy(tmp_path / "project")
    import_table(copy, TABLE, tmp_path / "source.csv")
    drop_first_rows(tmp_path / "source.csv", 20)
    (copy.path / TABLE).unlink()
    # With a database as the source, this one is made of the table.
    (copy.path / "data/example.db").unlink(missing_ok=True)
    pipeline = copy.path / "dvc.yaml"
    declared = yaml.safe_load(pipeline.read_text(encoding="utf-8"))
    prepare = declared["stages"]["prepare"]
    prepare["cmd"] = f"test -e failed || {{ touch failed; exit 1; }}; {prepare['cmd']}"
    pipeline.write_text(yaml.safe_dump(declared, sort_keys=False), encoding="utf-8")
    _forget_results(copy)

    ran = copy.run("uv run poe dag-test", AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY="1")

    assert _commands(ran.stdout) == ["configure", "prepare", *STAGES[1:]]
    assert "state=success" in ran.stdout
    assert all((copy.path / model).is_file() for model in MODELS)
    assert "train done in" in ran.stdout
    assert _rows(copy.path) == _rows(airflow.path) - 20
    changed = copy.run("git status --porcelain").stdout
    assert ".airflow" not in changed


def test_missed_objective_fails_the_run_at_once_and_raises_the_alarm(
    airflow: Project, tmp_path: Path
) -> None:
    strict = airflow.copy(tmp_path / "project")
    demand_the_impossible(strict.path / "conf/objectives.yaml")

    with hearing() as webhook:
        name = f"AIRFLOW_VAR_{strict.package.upper()}_ALERT_WEBHOOK"
        ran = strict.run("uv run poe dag-test", check=False, **{name: webhook.address})

    assert ran.returncode != 0
    assert _commands(ran.stdout) == STAGES, ran.stdout
    assert "better_than_baseline" in ran.stdout
    [alarm] = webhook.requests
    assert f"{strict.package}: gate failed in the run" in alarm.body["text"]


def _with_airflow(project: Project, command: str, home: Path) -> Any:
    """Run a command in Airflow's environment and return the JSON of its last line."""
    tasks = tomllib.loads((project.path / "orchestration/airflow/tasks.toml").read_text("utf-8"))
    prefix = tasks["tool"]["poe"]["tasks"]["_airflow"]["cmd"].removesuffix("airflow")
    printed = project.run(
        f"uv run {prefix} {command}",
        AIRFLOW_HOME=str(home / "airflow"),
        AIRFLOW__CORE__LOAD_EXAMPLES="False",
    ).stdout
    return json.loads(printed.splitlines()[-1])


def _commands(log: str) -> list[str]:
    """Return the stages that were started, in their order."""
    return re.findall(r"Running command: .*dvc repro --single-item (\w+)'", log)


# ---------------------------------------------------------------------------------------------------------------------
# Kubeflow


@pytest.fixture(scope="module")
def kubeflow(project: Callable[..., Project]) -> Project:
    return project("classification", **KUBEFLOW)


def test_compiled_pipeline_has_every_stage_in_order_and_is_the_same_each_time(
    kubeflow: Project, tmp_path: Path
) -> None:
    copies = [kubeflow.copy(tmp_path / name) for name in ("one", "another")]

    for copy in copies:
        copy.run("uv run poe compile-pipeline --image registry.example.org/penguins:1")

    texts = [
        (copy.path / "orchestration/kubeflow/pipeline.yaml").read_text("utf-8") for copy in copies
    ]
    assert texts[0] == texts[1]
    compiled, platform = yaml.safe_load_all(texts[0])
    tasks = compiled["root"]["dag"]["tasks"]
    before = {name: task.get("dependentTasks", []) for name, task in tasks.items()}
    assert before == {
        stage: [earlier] if earlier else []
        for stage, earlier in zip(STAGES, [None, *STAGES], strict=False)
    }
    assert [name for name, task in tasks.items() if "retryPolicy" not in task] == ["gate"]
    executors = compiled["deploymentSpec"]["executors"]
    assert {one["container"]["image"] for one in executors.values()} == {
        "registry.example.org/penguins:1"
    }
    secrets = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    assert set(secrets) == set(executors)
    asked = asked_of_pods(kubeflow.path)
    assert "AWS_SECRET_ACCESS_KEY" in asked
    for executor in secrets.values():
        [secret] = executor["secretAsEnv"]
        assert secret["optional"]
        assert {pair["secretKey"]: pair["envVar"] for pair in secret["keyToEnv"]} == {
            key: key for key in asked
        }


def test_steps_without_a_common_disk_make_the_model_that_a_commit_then_names(
    kubeflow: Project, tmp_path: Path
) -> None:
    copy = kubeflow.copy(tmp_path / "project")
    _forget_results(copy)
    with SERVERS["s3"](tmp_path) as storage:
        reach(copy, storage, first=True)
        import_table(copy, TABLE, tmp_path / "source.csv")
        copy.commit("Name our storage, import the rows, and have no model")
        drop_first_rows(tmp_path / "source.csv", 20)

        ran = copy.run("uv run poe run-local", TMPDIR=str(tmp_path), **storage.credentials)

        assert re.findall(r"Executing task \S*?'(\w+)'", _plain(ran.stdout)) == STAGES
        assert re.findall(r"(\w+) done in", ran.stdout) == STAGES[1:], ran.stdout
        assert copy.run("git status --porcelain").stdout == "", "the working tree was changed"
        assert not (copy.path / "models/model.onnx").exists()

        left = Path(ran.stdout.strip().splitlines()[-1].rpartition(" ")[2])
        shutil.copytree(left, copy.path, dirs_exist_ok=True)
        copy.commit("Take the model")
        run(f"git clone --quiet {copy.path} {tmp_path / 'clone'}", tmp_path)
        clone = replace(copy, path=tmp_path / "clone")
        reach(clone, storage)
        clone.run("uv run dvc pull", **storage.credentials)

    assert all((clone.path / model).is_file() for model in MODELS)
    assert _rows(clone.path) == _rows(kubeflow.path) - 20
    assert "done in" not in clone.run("uv run poe pipeline").stdout
    assert "FAIL" not in clone.run("uv run poe summary").stdout


def _plain(text: str) -> str:
    """Return a text without the colours of a terminal."""
    return re.sub(r"\x1b\[\d*m", "", text)


# ---------------------------------------------------------------------------------------------------------------------


def _rows(project: Path) -> int:
    return int(json.loads((project / "reports/data.json").read_text(encoding="utf-8"))["rows"])


def _forget_results(project: Project) -> None:
    """Leave the project as it was before its first run."""
    project.run("git rm --quiet -r dvc.lock params.yaml reports MODEL_CARD.md")
    for made in ("models", ".dvc/cache", "data/train.parquet", "data/test.parquet"):
        path = project.path / made
        shutil.rmtree(path) if path.is_dir() else path.unlink()

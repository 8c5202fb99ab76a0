"""What a running service stores is watched: outcomes come late, a challenger beside it, Prometheus hears of both."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from harness import machine
from harness.client import Client
from harness.databases import Cluster, cluster
from harness.project import Project
from harness.servers import free_port
from harness.service import serving

ALARM = 3
"""The exit code of one."""
ROWS = 120
# The test rows as a client sends them, and what comes out.
SOME = """
import json
import polars as pl
from {package}.schema import Schema
from pathlib import Path
schema = Schema.from_file(Path("data/schema.json"))
table = pl.read_parquet("data/test.parquet").sample({rows}, seed=1, with_replacement=True)
rows = table.select(column.name for column in schema.features)
print(json.dumps([rows.to_dicts(), table[schema.target.name].to_list()]))
"""
# A challenger that predicts as the champion does, in another file.
ANOTHER = """
import onnx, sys
model = onnx.load("models/model.onnx")
model.producer_name = "another"
onnx.save(model, sys.argv[1])
"""
# So many predictions of the model with their outcomes, each request a thousand.
FILL = """
import sys
from datetime import timedelta
from hashlib import sha256
import polars as pl
from {package} import paths
from {package}.columns import from_frame
from {package}.model.predictor import Predictor
from {package}.serve.contract import contract
from {package}.serve.store.database import Database
from {package}.serve.store.ids import named
from {package}.serve.store.records import Answered, Outcomes, now
predictor = Predictor(paths.SERVED_MODEL)
digest = sha256(paths.SERVED_MODEL.read_bytes()).hexdigest()
table = pl.read_parquet(paths.TEST).sample(10_000, seed=1, with_replacement=True)
columns, target = from_frame(table), table[predictor.schema.target.name].to_list()
answers = contract(predictor.signature).answers(columns, predictor.predict(columns))
features = table.select(column.name for column in predictor.schema.features).to_dicts()
database, requests = Database(sys.argv[1]), int(sys.argv[2]) // 10_000
for place in range(requests):
    entries = named(answers)
    time = now() - timedelta(days=6 * (1 - place / requests))
    answered = Answered(digest, features, entries, time)
    told = dict(zip([entry["id"] for entry in entries], target, strict=True))
    outcomes = Outcomes(told, time + timedelta(hours=1))
    database.write({answered.table: answered.rows(), outcomes.table: outcomes.rows()})
"""
MEASURE = """
import resource, sys
from {package}.__main__ import main
assert main(["monitor"]) == 0
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


@pytest.fixture(scope="module")
def databases() -> Iterator[Cluster]:
    with cluster() as made:
        yield made


@pytest.fixture(scope="module")
def served(project: Callable[[str], Project]) -> Project:
    return project("regression")


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_late_feedback_becomes_figures_of_model_and_challenger(
    served: Project, tmp_path: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    watched = served.copy(tmp_path / "project")
    with _store(kind, tmp_path, request) as store, _serving(watched, tmp_path, store) as service:
        rows, truth = json.loads(_python(watched, SOME, {}))
        answer = service.post("/predict", {"rows": rows})
        service.wait_for("shadow_rows_total", ROWS)
        time.sleep(1)
        before = watched.run("uv run poe monitor --fail-on-drift", STORE_URL=store).stdout

        ids = [entry["id"] for entry in answer["predictions"]]
        told = [{"id": name, "outcome": value} for name, value in zip(ids, truth, strict=True)]
        service.post("/feedback", {"outcomes": told})
        time.sleep(1)
        after = watched.run("uv run poe monitor --fail-on-drift", STORE_URL=store).stdout
        figures = service.wait_for("monitor_outcomes", ROWS)

        wrong = [one | {"outcome": one["outcome"] + 2000} for one in told]
        service.post("/feedback", {"outcomes": wrong})
        time.sleep(1)
        alarm = watched.run("uv run poe monitor --fail-on-drift", check=False, STORE_URL=store)
        service.wait_for("monitor_performance_worse", 1)

    assert f"0 of {ROWS} predictions have an outcome" in before
    assert f"{ROWS} of {ROWS} predictions have an outcome" in after
    assert "not to be told from what was answered" in after
    evaluation = json.loads((watched.path / "reports/evaluation.json").read_text(encoding="utf-8"))
    expected = evaluation["metrics"]["mae"]["value"]
    [measured] = [value for name, value in figures.items() if _is(name, "performance", "mae")]
    assert 0.7 * expected < measured < 1.3 * expected
    [of_test] = [
        value for name, value in figures.items() if _is(name, "performance_at_test", "mae")
    ]
    assert of_test == expected
    assert figures["monitor_performance_worse"] == 0
    assert "monitor_drifted" in figures
    assert alarm.returncode == ALARM
    assert "Worse than at the test: mae 2" in alarm.stdout


def test_memory_does_not_grow_with_what_is_stored(served: Project, tmp_path: Path) -> None:
    watched = served.copy(tmp_path / "project")
    peaks = {}
    for rows in (50_000, 300_000):
        store = f"sqlite:///{tmp_path}/{rows}.db"
        _python(watched, FILL, {}, store, str(rows))
        told = _python(watched, MEASURE, {"STORE_URL": store})
        assert f"{rows:,} of {rows:,} predictions have an outcome" in told
        peaks[rows] = int(told.splitlines()[-1])

    assert peaks[300_000] < 1.2 * peaks[50_000], peaks


def _is(name: str, gauge: str, metric: str) -> bool:
    return name.startswith(f'monitor_{gauge}{{metric="{metric}",')


@contextmanager
def _store(kind: str, folder: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{folder}/served.db"
        return
    databases: Cluster = request.getfixturevalue("databases")
    with databases.running(folder / "postgres.log"):
        yield databases.address


@contextmanager
def _serving(project: Project, folder: Path, store: str) -> Iterator[Client]:
    port = free_port()
    _python(project, ANOTHER, {}, str(folder / "challenger.onnx"))
    settings = {
        "STORE_URL": store,
        "STORE_SECONDS": "0.2",
        "SHADOW_PATH": str(folder / "challenger.onnx"),
    }
    with serving(project, port, folder / "log", **settings):
        yield Client(port)


def _python(project: Project, code: str, variables: dict[str, str], *arguments: str) -> str:
    filled = code.replace("{package}", project.package).replace("{rows}", str(ROWS))
    variables = {"PYTHONPATH": str(project.path / "src")} | variables
    return subprocess.run(
        [project.environment / "bin/python", "-c", filled, *arguments],
        cwd=project.path,
        env=machine.environment(**variables),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout

"""Whole files are predicted: as the model says, in constant memory, and only once."""

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from harness import machine
from harness.project import Project
from harness.variants import TASKS
from harness.waiting import until

RAW = {"forecasting": "co2.csv"}
OF_THE_API = {"fastapi", "starlette", "uvicorn", "prometheus_client"}
# Rows of the example over and over, as a Parquet file of some size.
REPEAT = """
import sys
import polars as pl
from {package}.config import compose
from {package}.data.rows import read
rows = read(compose().data).collect()
times = int(sys.argv[2]) // len(rows) + 1
pl.concat([rows] * times).head(int(sys.argv[2])).write_parquet(sys.argv[1])
"""
# What the program itself takes, apart from files that the system keeps in memory as long as there is room.
MEASURE = """
import sys, threading, time
peak, done = 0, threading.Event()
def watch():
    global peak
    while not done.wait(0.005):
        with open("/proc/self/status") as status:
            peak = max(peak, *(int(line.split()[1]) for line in status if line.startswith("RssAnon")))
thread = threading.Thread(target=watch)
thread.start()
from {package}.serve.__main__ import main
try:
    assert main(sys.argv[1:]) == 0
finally:
    done.set()
    thread.join()
print(peak)
"""


@pytest.fixture(scope="module")
def batch(project: Callable[..., Project]) -> Project:
    return project("classification", serving="batch", tracking="dvc")


@pytest.fixture(scope="module")
def many(batch: Project, tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Path]:
    """Return a function that makes a file of so many rows."""
    folder = tmp_path_factory.mktemp("many")

    def made(rows: int) -> Path:
        file = folder / f"{rows}.parquet"
        if not file.exists():
            _python(batch, folder, REPEAT, f"{file} {rows}")
        return file

    return made


@pytest.mark.parametrize("task", TASKS)
def test_file_of_each_task_is_scored(
    project: Callable[..., Project], tmp_path: Path, task: str
) -> None:
    scoring = project(task, serving="batch")
    raw = f"data/raw/{RAW.get(task, 'penguins.csv')}"

    told = scoring.run(f"uv run poe score {raw} {tmp_path}/predictions.csv").stdout

    manifest = _manifest(tmp_path / "predictions.csv")
    lines = (tmp_path / "predictions.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) - 1 == manifest["predictions"] > 0
    assert "prediction" in lines[0].split(",")
    assert manifest["code"] == scoring.run("git rev-parse HEAD").stdout.strip()
    assert f"{manifest['predictions']:,} predictions from {manifest['rows']:,} rows" in told
    assert scoring.run("git status --porcelain").stdout == ""


def test_project_that_scores_files_installs_nothing_of_the_service(batch: Project) -> None:
    installed = batch.run(f"uv pip list --format freeze --python {batch.environment}").stdout
    names = {line.partition("==")[0].replace("-", "_") for line in installed.splitlines()}

    assert {"onnxruntime", "polars"} <= names
    assert names.isdisjoint(OF_THE_API)


def test_memory_does_not_grow_with_the_file(
    batch: Project, many: Callable[[int], Path], tmp_path: Path
) -> None:
    peaks = {}
    for rows in (300_000, 1_500_000):
        arguments = f"score {many(rows)} {tmp_path}/{rows}.parquet --rows-at-once 10000"
        peaks[rows] = int(_python(batch, tmp_path, MEASURE, arguments).splitlines()[-1])
        assert _manifest(tmp_path / f"{rows}.parquet")["predictions"] == rows

    assert peaks[1_500_000] < 1.3 * peaks[300_000], peaks


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["interrupted", "killed"])
def test_run_that_was_stopped_goes_on_and_gives_the_same(
    batch: Project, many: Callable[[int], Path], tmp_path: Path, how: signal.Signals
) -> None:
    source, output = many(300_000), tmp_path / "predictions.parquet"
    command = f"python -m {batch.package}.serve score {source} {{}} --rows-at-once 2000"
    parts = tmp_path / ".predictions.parquet.parts"

    started = subprocess.Popen(
        ["uv", "run", *command.format(output).split()],
        cwd=batch.path,
        env=_environment(batch),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        process_group=0,
    )
    until((parts / "000010.json").exists, "the tenth part", pause=0.01)
    os.killpg(started.pid, how)
    said, _ = started.communicate(timeout=60)
    done = len(list(parts.glob("0*.json")))
    left = {path.name for path in tmp_path.iterdir()}

    resumed = batch.run(f"uv run {command.format(output)}").stdout
    batch.run(f"uv run {command.format(tmp_path / 'fresh.parquet')}")

    assert started.returncode != 0
    assert left == {parts.name}, said
    assert f"going on after the first {2000 * done:,} of 300,000 rows" in resumed
    assert output.read_bytes() == (tmp_path / "fresh.parquet").read_bytes()
    assert not parts.exists()


def _environment(project: Project) -> dict[str, str]:
    return machine.environment(
        UV_PROJECT_ENVIRONMENT=str(project.environment),
        UV_NO_SYNC="1",
        PYTHONPATH=str(project.path / "src"),
    )


def _python(project: Project, folder: Path, code: str, arguments: str) -> str:
    """Run a program in the project's environment and return what it printed."""
    program = folder / "program.py"
    program.write_text(code.replace("{package}", project.package), encoding="utf-8")
    return project.run(f"uv run python {program} {arguments}").stdout


def _manifest(output: Path) -> Any:
    return json.loads(output.with_name(f"{output.name}.manifest.json").read_text("utf-8"))

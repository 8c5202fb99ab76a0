"""Spark deals out the work to processes of its own, and what comes back is what one process computes."""

import csv
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from harness import machine
from harness.edits import configure
from harness.project import Project
from harness.servers import free_port, listening

RESULTS = (
    "data/train.parquet",
    "data/test.parquet",
    "data/schema.json",
    "reports/data.json",
    "reports/training.json",
    "conf/model/tuned.yaml",
)


@dataclass(frozen=True)
class Cluster:
    """A master of Spark with a worker, each a process of its own, and where applications log their work."""

    master: str
    events: Path

    def executors(self) -> set[str]:
        """Return who did the tasks of all applications so far; `driver` is the process that asked."""
        told = [
            json.loads(line)
            for log in self.events.rglob("*")
            if log.name.startswith("events_")
            for line in log.read_text(encoding="utf-8").splitlines()
        ]
        ended = [event for event in told if event["Event"] == "SparkListenerTaskEnd"]
        return {event["Task Info"]["Executor ID"] for event in ended}


@pytest.fixture(scope="module")
def made(project: Callable[..., Project]) -> Project:
    machine.require("java", "Spark runs on it")
    return project("classification", compute="spark", serving="batch", data_source="file")


@pytest.fixture(scope="module")
def cluster(made: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("cluster")
    (events := folder / "events").mkdir()
    [home] = made.environment.glob("lib/python*/site-packages/pyspark")
    program, port = home / "bin/spark-class", free_port()
    alone = {
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_WORKER_DIR": str(folder / "work"),
    }
    deploy = "org.apache.spark.deploy"
    with ExitStack() as servers:
        own = ["--host", "127.0.0.1", "--port", str(port), "--webui-port", str(free_port())]
        log = folder / "master.log"
        servers.enter_context(
            listening([program, f"{deploy}.master.Master", *own], port, log, **alone)
        )
        own_port = free_port()
        own = ["--host", "127.0.0.1", "--port", str(own_port), "--webui-port", str(free_port())]
        limits = ["--cores", "2", "--memory", "1g", f"spark://127.0.0.1:{port}"]
        command = [program, f"{deploy}.worker.Worker", *own, *limits]
        servers.enter_context(listening(command, own_port, folder / "worker.log", **alone))
        yield Cluster(f"spark://127.0.0.1:{port}", events)


@pytest.fixture
def pair(made: Project, cluster: Cluster, tmp_path: Path) -> tuple[Project, Project]:
    """Return the project twice, quick to train: on one process, and on the cluster by configuration alone."""
    local, spread = (made.copy(tmp_path / name) for name in ("local", "spread"))
    for own, answer in ((local, "local"), (spread, "spark")):
        configure(own, "config.yaml", model="logistic", compute=answer)
    file = spread.path / "conf/compute/spark.yaml"
    compute = yaml.safe_load(file.read_text(encoding="utf-8"))
    compute["engine"]["master"] = cluster.master
    compute["engine"]["settings"] = {
        "spark.driver.memory": "512m",
        "spark.executor.memory": "512m",
        "spark.eventLog.enabled": True,
        "spark.eventLog.compress": False,
        "spark.eventLog.dir": cluster.events.as_uri(),
    }
    file.write_text(yaml.safe_dump(compute), encoding="utf-8")
    return local, spread


def test_pipeline_search_and_scoring_on_a_cluster_give_what_one_process_gives(
    pair: tuple[Project, Project], cluster: Cluster
) -> None:
    for own in pair:
        package = own.package
        own.run("uv run dvc repro --force train")
        own.run("uv run poe tune --trials 2")
        own.run(f"uv run python -m {package}.serve example scored/rows.parquet")
        own.run("uv run poe score scored/rows.parquet scored/predictions.csv")

    local, spread = pair
    assert {name for name in RESULTS if read(local, name) != read(spread, name)} == set()
    # Where rows lie in memory moves the last digits of what is fitted, in one process as well.
    ours, theirs = predictions(local), predictions(spread)
    assert ours == [[pytest.approx(cell, abs=1e-5) for cell in row] for row in theirs]
    assert cluster.executors() == {"0"}


def test_broken_rows_are_refused_on_a_cluster_in_the_same_words(
    pair: tuple[Project, Project],
) -> None:
    told = []
    for own in pair:
        rows = own.path / "data/raw/penguins.csv"
        lines = rows.read_text(encoding="utf-8").splitlines(keepends=True)
        for number in (3, 200, 250, 300, 310):
            lines[number] = lines[number].replace("Biscoe", "Bisco").replace("Dream", "Dreams")
            lines[number] = lines[number].replace("Torgersen", "Torgerson")
        rows.write_text("".join(lines), encoding="utf-8")
        refused = own.run(f"uv run python -m {own.package} prepare", check=False)
        assert refused.returncode == 1
        told.append([line for line in refused.stdout.splitlines() if "incubator" not in line])

    assert told[0] == told[1]
    assert "breaks conf/schema.yaml in 1 way:" in told[0][0]


def predictions(project: Project) -> list[list[float | str]]:
    """Return the scored file's rows, with numbers as such."""

    def parsed(cell: str) -> float | str:
        try:
            return float(cell)
        except ValueError:
            return cell

    rows = csv.reader(read(project, "scored/predictions.csv").decode().splitlines())
    return [[parsed(cell) for cell in row] for row in rows]


def read(project: Project, name: str) -> bytes:
    return (project.path / name).read_bytes()

"""The served model is exchanged under load: no request fails, and each is answered by one of the versions."""

import json
import shlex
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from threading import Event

import pytest
from harness.client import Client, crowd
from harness.edits import configure
from harness.project import Project, read_pyproject
from harness.servers import free_port, listening
from harness.storages import SERVERS, reach

CHAMPION = "models/champion.onnx"
CLIENTS = 4
PATIENCE = 20  # seconds until every process of the service must have seen another file
AGREEING = 12  # answers on connections of their own, one after another: they reach every process


@dataclass
class Load:
    """What clients were answered, who ask as long as the block of `load` runs.

    answers  how often each model gave each answer
    """

    port: int
    body: str
    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    over: Event = field(default_factory=Event)

    def ask(self) -> None:
        """Ask on one connection until it is over."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        while not self.over.wait(0.002):
            try:
                connection.request("POST", "/predict", self.body)
                answer = connection.getresponse()
                content = answer.read()
            except (OSError, HTTPException) as error:
                self.failures.append(repr(error))
                connection.close()
                continue
            if answer.status == 200:
                told = json.loads(content)
                [entry] = told["predictions"]
                del entry["id"]
                self.answers[told["model"], str(entry)] += 1
            else:
                self.failures.append(f"{answer.status}: {content!r}")


@dataclass(frozen=True)
class Service:
    """The service of a project, which looks at its model's file several times a second."""

    client: Client

    def wait_for(self, sha256: str, *, refused: str | None = None) -> None:
        """Wait until every process serves this model, and refuses what lies there now or does not."""
        deadline, agreeing = time.monotonic() + PATIENCE, 0
        while agreeing < AGREEING:
            version = self.client.get("/version")
            reason = version["refused"]
            fits = reason is None if refused is None else refused in (reason or "")
            agreeing = agreeing + 1 if fits and version["model_sha256"] == sha256 else 0
            assert time.monotonic() < deadline, f"expected {sha256}, refused {refused}: {version}"
            time.sleep(0.02)


@pytest.fixture(scope="module")
def versions(
    project: Callable[..., Project], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Project, dict[int, str]]:
    """Return a project whose champion is version 1 and challenger version 2, and their hashes."""
    folder = tmp_path_factory.mktemp("swap")
    made = project("classification").copy(folder / "project")
    with SERVERS["local"](folder) as storage:
        reach(made, storage)
    made.commit("Name the storage")
    hashes = {}
    for number, model in enumerate(("all", "logistic"), start=1):
        configure(made, "config.yaml", model=model)
        if number > 1:
            made.run("uv run poe pipeline")
            made.commit(f"Train {model}")
        made.run("uv run poe register")
        hashes[number] = _hash(made.path / "models/model.onnx")
        if number == 1:
            made.run("uv run poe promote")
    return made, hashes


@pytest.mark.parametrize("workers", [1, 2])
def test_served_model_is_exchanged_under_load_without_a_failed_request(
    versions: tuple[Project, dict[int, str]], workers: int
) -> None:
    project, hashes = versions
    file = project.path / CHAMPION

    with serving(project, workers) as service, load(service) as asked:
        service.wait_for(hashes[1])
        project.run("uv run poe promote --version 2 --force 'to see it served'")
        service.wait_for(hashes[2])
        project.run("uv run poe rollback")
        service.wait_for(hashes[1])
        good = file.read_bytes()
        file.write_bytes(good[: len(good) // 2])
        service.wait_for(hashes[1], refused="is not a model of this project")
        file.write_bytes(good)
        service.wait_for(hashes[1])
        file.write_bytes((project.path / "models/model.skops").read_bytes())
        service.wait_for(hashes[1], refused="is not a model of this project")
        project.run("uv run poe champion")
        service.wait_for(hashes[1])

    assert asked.failures == []
    assert len(asked.answers) == 2, "each model has one answer to the one row"
    assert len({model for model, _ in asked.answers}) == 2
    assert min(asked.answers.values()) > 100, asked.answers


@contextmanager
def serving(project: Project, workers: int) -> Iterator[Service]:
    """Run the service as `poe serve` does."""
    task = shlex.split(read_pyproject(project.path)["tool"]["poe"]["tasks"]["serve"]["cmd"])
    port = free_port()
    command = [
        project.environment / "bin" / task[0],
        *task[1:],
        f"--port={port}",
        f"--workers={workers}",
    ]
    variables = {
        "PYTHONPATH": str(project.path / "src"),
        "MODEL_PATH": str(project.path / CHAMPION),
        "MODEL_CHECK_SECONDS": "0.3",
    }
    with listening(command, port, project.path.with_name("service.log"), **variables):
        service = Service(Client(port))
        service.client.get("/health/ready")
        yield service


@contextmanager
def load(service: Service) -> Iterator[Load]:
    """Have clients ask one and the same row."""
    client = service.client
    asked = Load(client.port, json.dumps(client.example("/predict")))
    with crowd(asked.ask, asked.over, CLIENTS):
        yield asked


def _hash(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()

"""The served model is exchanged under load: no request fails, and each is answered by one of the versions."""

import shlex
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest
from harness.client import Client
from harness.edits import configure
from harness.load import load
from harness.project import Project, read_pyproject
from harness.servers import free_port, listening
from harness.storages import SERVERS, reach

CHAMPION = "models/champion.onnx"
CLIENTS = 4
PAUSE = 0.002  # seconds of a client between an answer and its next request
PATIENCE = 20  # seconds until every process of the service must have seen another file
AGREEING = 12  # answers on connections of their own, one after another: they reach every process


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

    with (
        serving(project, workers) as service,
        load(service.client.port, CLIENTS, pause=PAUSE) as asked,
    ):
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

    assert asked.broken == asked.refused == []
    answers = Counter((answer.model, str(answer.says)) for answer in asked.answers)
    assert len(answers) == 2, "each model has one answer to the one row"
    assert len({model for model, _ in answers}) == 2
    assert min(answers.values()) > 100, answers


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


def _hash(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()

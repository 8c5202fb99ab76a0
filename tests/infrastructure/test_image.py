"""The service's image, built and run on a real engine as production would run it."""

import hashlib
import json
import re
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from harness import machine
from harness.client import Client
from harness.command import run
from harness.project import Project
from harness.variants import TASKS
from harness.waiting import until

TRAINING_SIDE = ("sklearn", "dvc", "polars", "skops", "hydra", "pytest")
PATIENCE = 60  # seconds until a started service must be healthy
FILLED = """
import random
from {package}.serve.store.database import Database
from {package}.serve.store.ids import request_id
from {package}.serve.store.reading import summary
from {package}.serve.store.records import Answered, Outcomes, Shadowed, now

database = Database('sqlite:////data/many.db')
ids = []
for _ in range(500):
    entries = [dict(id=f'{{request_id()}}-{{place}}', prediction=1.0) for place in range(100)]
    answered = Answered('m' * 64, [dict(mass=3750.0)] * 100, entries)
    shadowed = Shadowed('c' * 64, entries, now())
    database.write({{record.table: record.rows() for record in (answered, shadowed)}})
    ids += [entry['id'] for entry in entries]
random.Random(0).shuffle(ids)
for first in range(0, len(ids), 1000):
    told = Outcomes(dict.fromkeys(ids[first:first + 1000], 1.0))
    database.write({{told.table: told.rows()}})
print(summary(database))
"""


@dataclass(frozen=True)
class Service:
    """A running container of the image."""

    container: str
    client: Client
    package: str

    def inspect(self, of: str) -> Any:
        """Return what the engine knows of the container, by a Go template."""
        return json.loads(_docker(f"inspect --format '{{{{json {of}}}}}' {self.container}"))

    def python(self, code: str) -> str:
        """Run Python code inside the container and return what it printed."""
        return _docker(f'exec {self.container} python -c "{code}"')

    def stored(self) -> str:
        """Return what the service says of its predictions."""
        return _docker(f"exec {self.container} python -m {self.package}.serve.store")

    @property
    def log(self) -> str:
        """What the service printed."""
        return run(f"docker logs {self.container}", Path.cwd()).stdout


@pytest.fixture(scope="module", params=TASKS)
def built(
    request: pytest.FixtureRequest, engine: None, project: Callable[[str], Project]
) -> Iterator[Project]:
    """The project of each task, with an image named for the task."""
    made = project(request.param)
    run(f"docker build --quiet --network host --tag {_image(made)} .", made.path)
    yield made
    _docker(f"image rm --force {_image(made)}")


@pytest.fixture(scope="module")
def service(built: Project) -> Iterator[Service]:
    """The image, running healthily with one place to write to and no privilege."""
    with started(built) as running:
        _wait_until_healthy(running)
        yield running


@contextmanager
def started(project: Project, *, options: str = "", command: str = "") -> Iterator[Service]:
    """Start a container of a project's image, on a port of its own, and remove it in the end."""
    container = _docker(
        "run --detach --read-only --cap-drop ALL --security-opt no-new-privileges "
        f"--publish 127.0.0.1::8000 {options} {_image(project)} {command}"
    )
    try:
        address = _docker(f"port {container} 8000/tcp").splitlines()[0]
        yield Service(container, Client(int(address.rpartition(":")[2])), project.package)
    finally:
        _docker(f"rm --force --volumes {container}")


pytestmark = pytest.mark.xdist_group("images")


def test_service_runs_without_root_and_without_a_writable_file_system(service: Service) -> None:
    assert service.inspect(".Config.User") == "10001:10001"
    assert service.python("import os; print(os.getuid(), os.getgid())") == "10001 10001"
    assert service.inspect(".HostConfig.ReadonlyRootfs") is True


def test_version_names_the_model_of_the_image(service: Service) -> None:
    assert service.client.get("/health/ready") == {"status": "ok"}
    assert len(service.client.get("/version")["model_sha256"]) == 64


def test_prediction_that_the_documentation_shows_is_answered(service: Service) -> None:
    answer = service.client.post("/predict", service.client.example("/predict"))

    assert len(answer["predictions"]) >= 1


def test_predictions_are_kept_in_the_volume(service: Service) -> None:
    service.client.ask_example()

    kept = "predictions in sqlite:////data/predictions.db"
    until(lambda: service.stored().startswith(kept), kept)
    assert service.inspect(".Mounts")[0]["Destination"] == "/data"


def test_store_takes_50000_predictions_and_outcomes_where_nothing_but_the_volume_can_be_written(
    service: Service,
) -> None:
    told = service.python(FILLED.format(package=service.package))

    assert "predictions in sqlite:////data/many.db: 50,000" in told
    assert "50,000, as the challenger" in told
    assert "with an outcome: 50,000" in told


def test_image_holds_nothing_of_the_training_side(service: Service) -> None:
    found = service.python(
        "import importlib.util as u; "
        f"print([name for name in {TRAINING_SIDE} if u.find_spec(name)])"
    )

    assert found == "[]"


def test_image_holds_the_package_compiled_and_none_of_its_sources_elsewhere(
    service: Service, built: Project
) -> None:
    found = service.python(
        f"import {built.package}, os; print({built.package}.__cached__, "
        f"os.path.exists({built.package}.__cached__), sorted(os.listdir('/app')))"
    )

    assert found.startswith("/opt/venv/")
    assert found.endswith("True ['models']")


def test_image_adds_less_than_200_megabytes_to_that_of_python(built: Project) -> None:
    dockerfile = (built.path / "Dockerfile").read_text(encoding="utf-8")
    [python] = set(re.findall(r"^FROM (python:\S+)", dockerfile, re.MULTILINE))
    whole, base = (
        int(_docker(f"image inspect --format '{{{{.Size}}}}' {name}"))
        for name in (_image(built), python)
    )

    assert whole - base < 200e6


def test_service_reports_to_nobody(service: Service) -> None:
    # ONNX Runtime does, from 1.29 on, unless this is set before it is imported; in a read-only
    # container its log then complains that it cannot keep the identifier that it made up.
    assert service.python("import os; print(os.environ['ORT_DISABLE_TELEMETRY'])") == "1"
    assert "telemetry" not in service.log


@pytest.mark.parametrize("built", ["regression"], indirect=True)
def test_champion_that_is_mounted_as_its_pages_say_gives_way_to_another_one(
    built: Project, tmp_path: Path
) -> None:
    pages = [*(built.path / "docs/options").glob("*.md")]
    printed = [re.findall(r"`(-v [^`]+models[^`]+)`", page.read_text("utf-8")) for page in pages]
    assert len([told for told in printed if told]) == 2, "the pages of tracking and of serving"
    [options] = {option for told in printed for option in told}
    models, model = tmp_path / "models", built.path / "models/model.onnx"
    models.mkdir(mode=0o755)
    tmp_path.chmod(0o755)
    shutil.copyfile(model, models / "champion.onnx")
    with started(built, options=options.replace("$PWD", str(tmp_path))) as running:
        _wait_until_healthy(running)
        before = running.client.get("/version")["model_sha256"]

        code = f'm = onnx.load("{model}"); m.doc_string = "another"; onnx.save(m, "next.onnx")'
        run(f"{built.environment}/bin/python -c 'import onnx; {code}'", models)
        (models / "next.onnx").replace(models / "champion.onnx")

        until(lambda: running.client.get("/version")["model_sha256"] != before, "another model")
        after = running.client.get("/version")
    assert after["refused"] is None
    assert after["model_sha256"] == _hash(models / "champion.onnx") != before == _hash(model)


def test_service_stops_at_once_and_cleanly_when_asked(built: Project) -> None:
    with started(built) as running:
        _wait_until_healthy(running)
        before = time.monotonic()

        _docker(f"stop --time 30 {running.container}")

        assert time.monotonic() - before < 15
        assert running.inspect(".State.ExitCode") == 0
        assert "Application shutdown complete" in running.log


def test_service_that_does_not_answer_is_reported_as_unhealthy(built: Project) -> None:
    options = "--health-start-period 1s --health-interval 1s --health-retries 1"
    elsewhere = f"uvicorn --factory {built.package}.serve.app:create_app --port 9999"
    with started(built, options=options, command=elsewhere) as running:
        until(lambda: running.inspect(".State.Health.Status") != "starting", "the end of its start")

        assert running.inspect(".State.Health.Status") == "unhealthy"


def _wait_until_healthy(service: Service) -> None:
    deadline = time.monotonic() + PATIENCE
    while (health := service.inspect(".State.Health.Status")) != "healthy":
        if health != "starting" or time.monotonic() > deadline:
            raise AssertionError(f"the service is {health}, not healthy:\n{service.log}")
        time.sleep(0.2)


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _image(project: Project) -> str:
    """Name the image after the folder: two test runs on one engine keep out of each other's way."""
    run_of_tests = hashlib.sha256(str(project.path).encode()).hexdigest()[:12]
    return f"slipway-test-{project.path.name}:{run_of_tests}"


def _docker(arguments: str) -> str:
    """Return what docker printed as its answer; its warnings go elsewhere."""
    ran = subprocess.run(
        ["docker", *shlex.split(arguments)],
        env=machine.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, f"docker {arguments}: {ran.stderr}"
    return ran.stdout.strip()

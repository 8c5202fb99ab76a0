"""compose.yaml starts the image as its page says, on a real engine."""

import json
import os
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from harness import machine
from harness.command import run
from harness.project import Project
from harness.servers import free_port

pytestmark = pytest.mark.xdist_group("images")


@pytest.mark.parametrize("serving", ["api", "batch"])
def test_file_obeys_the_specification(render: Callable[..., Path], serving: str) -> None:
    path = render({"serving": serving})

    run(
        f"{machine.tool('check-jsonschema')} --builtin-schema vendor.compose-spec compose.yaml",
        path,
    )


@pytest.fixture(scope="module")
def image(engine: None) -> Iterator[Callable[[Project], str]]:
    """Return a function that builds the image of a project under a name of its own."""
    images = []

    def build(made: Project) -> str:
        images.append(f"slipway-test-compose:{os.getpid()}-{len(images)}")
        run(f"docker build --quiet --network host --tag {images[-1]} .", made.path)
        return images[-1]

    yield build
    for name in images:
        run(f"docker image rm --force {name}", machine.ROOT)


def test_service_comes_up_healthy_and_its_predictions_outlive_the_container(
    image: Callable[[Project], str], project: Callable[..., Project]
) -> None:
    service, port = project("classification"), free_port()
    path, variables = service.path, {"IMAGE": image(service), "PORT": str(port)}
    compose = f"docker compose --project-name slipway-{port}"
    try:
        run(f"{compose} up --no-build --wait --wait-timeout 90", path, **variables)

        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=10) as answer:
            assert json.load(answer)["status"] == "ok"
        container = run(f"{compose} ps --quiet api", path, **variables).stdout.split()[-1]
        host = json.loads(
            run(f"docker inspect --format '{{{{json .HostConfig}}}}' {container}", path).stdout
        )
        assert host["ReadonlyRootfs"] is True
        assert host["CapDrop"] == ["ALL"]
        assert host["Memory"] == 512 * 1024**2
        assert host["RestartPolicy"]["Name"] == "unless-stopped"

        tell = f"{compose} exec --no-TTY api python -m {service.package}.serve.store"
        _predict(port)
        run(f"{compose} down --timeout 20", path, **variables)
        run(f"{compose} up --no-build --wait --wait-timeout 90", path, **variables)
        assert (
            "predictions in sqlite:////data/predictions.db: 1, from"
            in run(tell, path, **variables).stdout
        )
    finally:
        run(f"{compose} down --timeout 20 --volumes", path, **variables)


def _predict(port: int) -> None:
    address = f"http://127.0.0.1:{port}"
    with urllib.request.urlopen(f"{address}/openapi.json", timeout=10) as page:
        operation = json.load(page)["paths"]["/predict"]["post"]
    example = operation["requestBody"]["content"]["application/json"]["example"]
    body = {"data": json.dumps(example).encode(), "headers": {"Content-Type": "application/json"}}
    urllib.request.urlopen(urllib.request.Request(f"{address}/predict", **body), timeout=10).close()


def test_files_are_scored_once_by_the_user_who_asks(
    image: Callable[[Project], str], batch: Project, tmp_path: Path
) -> None:
    path = batch.copy(tmp_path / "project").path
    variables = {"IMAGE": image(batch), "INPUT": "penguins.csv", "RUN_AS": "12345:12345"}
    compose = f"docker compose --project-name slipway-{free_port()}"

    missing = run(f"{compose} run --rm score", path, check=False, **variables)
    (path / "scored").mkdir()
    (path / "scored").chmod(0o777)
    run(f"{compose} run --rm score", path, **variables)

    assert missing.returncode != 0
    assert "scored" in missing.stdout
    written = path / "scored/predictions.parquet"
    manifest = json.loads((path / "scored/predictions.parquet.manifest.json").read_text("utf-8"))
    assert manifest["predictions"] == 344
    assert written.stat().st_uid == 12345
    assert "scored" not in run("git status --porcelain", path).stdout

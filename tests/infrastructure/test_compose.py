"""compose.yaml starts the image as its page says, on a real engine."""

import json
import os
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from harness import machine
from harness.project import Project, run
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


def test_service_comes_up_healthy_and_answers_with_nothing_to_write_to(
    image: Callable[[Project], str], project: Callable[..., Project]
) -> None:
    service, port = project("classification"), free_port()
    path, variables = service.path, {"IMAGE": image(service), "PORT": str(port)}
    compose = f"docker compose --project-name slipway-{port}"
    try:
        run(f"{compose} up --no-build --wait --wait-timeout 90", path, **variables)

        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=10) as answer:
            assert json.load(answer)["status"] == "ok"
        container = run(f"{compose} ps --quiet api", path, **variables).stdout.split()[-1]
        host = json.loads(
            run(f"docker inspect --format '{{{{json .HostConfig}}}}' {container}", path).stdout
        )
        assert host["ReadonlyRootfs"] is True
        assert host["CapDrop"] == ["ALL"]
        assert host["Memory"] == 512 * 1024**2
        assert host["RestartPolicy"]["Name"] == "unless-stopped"
    finally:
        run(f"{compose} down --timeout 20", path, **variables)


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

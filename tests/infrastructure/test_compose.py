"""compose.yaml starts the image as its page says, on a real engine."""

import json
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


@pytest.fixture
def built(
    engine: None, project: Callable[..., Project], tmp_path: Path
) -> Iterator[Callable[[str], Project]]:
    """Return a function that gives the project of a serving, with its image under a name of its own."""
    images = []

    def build(serving: str) -> Project:
        copy = project("classification", serving=serving, deployment="compose").copy(
            tmp_path / "project"
        )
        image = f"slipway-test-compose-{serving}"
        images.append(image)
        run(f"docker build --quiet --network host --tag {image} .", copy.path)
        return copy

    yield build
    for image in images:
        run(f"docker image rm --force {image}", tmp_path)


def test_service_comes_up_healthy_and_answers_with_nothing_to_write_to(
    built: Callable[[str], Project],
) -> None:
    path, port = built("api").path, free_port()
    variables = {"IMAGE": "slipway-test-compose-api", "PORT": str(port)}
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


def test_files_are_scored_once_by_the_user_who_asks(built: Callable[[str], Project]) -> None:
    path = built("batch").path
    variables = {
        "IMAGE": "slipway-test-compose-batch",
        "INPUT": "penguins.csv",
        "RUN_AS": "12345:12345",
    }
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

"""compose.yaml starts the image as its page says, on a real engine."""

import json
import os
import re
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness import machine, stand_in
from harness.client import Client
from harness.command import run
from harness.project import Project
from harness.prometheus import PLACEHOLDER, Prometheus, in_haste, substituted
from harness.servers import Heard, free_port, hearing
from harness.waiting import until

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
        run(f"{compose} up --no-build --wait --wait-timeout 90 api", path, **variables)

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
        Client(port).ask_example()
        run(f"{compose} down --timeout 20", path, **variables)
        run(f"{compose} up --no-build --wait --wait-timeout 90 api", path, **variables)
        assert (
            "predictions in sqlite:////data/predictions.db: 1, from"
            in run(tell, path, **variables).stdout
        )
    finally:
        run(f"{compose} down --timeout 20 --volumes", path, **variables)


def test_every_image_of_others_has_a_version_and_every_container_has_no_rights_and_limits(
    render: Callable[..., Path],
) -> None:
    path = render()

    services = _services(path, API_KEYS="")

    assert services.keys() == {"api", "prometheus", "alertmanager", "grafana", "postgres"}
    for name, service in services.items():
        assert name == "api" or re.search(r":v?\d+\.\d+", service["image"]), name
        assert name == "api" or re.fullmatch(r"[1-9]\d*:[1-9]\d*", service["user"]), name
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert {"cpus", "memory", "pids"} <= service["deploy"]["resources"]["limits"].keys(), name
        assert all(port["host_ip"] == "127.0.0.1" for port in service.get("ports", [])), name


def test_database_beside_the_service_is_reached_by_it_and_from_the_machine_as_the_page_prints(
    render: Callable[..., Path],
) -> None:
    path = render()
    page = (path / "docs/options/deployment-compose.md").read_text(encoding="utf-8")
    [password, inside] = re.findall(r"export POSTGRES_PASSWORD=(\S+) STORE_URL=(\S+)", page)[0]
    [outside] = re.findall(r"^STORE_URL=(\S+) uv run", page, re.MULTILINE)
    variables = {"POSTGRES_PASSWORD": password, "STORE_URL": inside}

    services = _services(path, **variables)
    [port] = services["postgres"]["ports"]
    own = services["postgres"]["environment"]
    known = f"{own['POSTGRES_USER']}:{own['POSTGRES_PASSWORD']}"

    assert services["api"]["environment"]["STORE_URL"] == inside
    assert inside == f"postgresql://{known}@postgres:{port['target']}/{own['POSTGRES_DB']}"
    address = f"{port['host_ip']}:{port['published']}"
    assert outside == f"postgresql://{known}@{address}/{own['POSTGRES_DB']}"
    [elsewhere] = _services(path, **variables, POSTGRES_PORT="15432")["postgres"]["ports"]
    assert (elsewhere["host_ip"], elsewhere["published"]) == ("127.0.0.1", "15432")
    runbook = (path / "docs/runbooks/monitor.md").read_text(encoding="utf-8")
    assert outside.replace(password, "PASSWORD") in runbook


def test_every_setting_of_the_service_reaches_its_container(render: Callable[..., Path]) -> None:
    path = render()
    [section] = re.findall(
        r"^## Settings$(.*?)^## ",
        (path / "docs/options/serving-api.md").read_text("utf-8"),
        re.MULTILINE | re.DOTALL,
    )
    told = re.findall(r"^\| `([A-Z_]+)` \|", section, re.MULTILINE)
    [settings] = path.glob("src/*/serve/settings.py")
    read = re.findall(r"^    (\w+): .* = ", settings.read_text("utf-8"), re.MULTILINE)
    assert len(read) >= 13
    assert {name.upper() for name in read} <= set(told)

    unset, chosen = (
        _services(path, **dict.fromkeys(told, value), POSTGRES_PASSWORD="another's")["api"]
        for value in ("", "chosen")
    )

    assert {name: chosen["environment"].get(name) for name in told} == dict.fromkeys(told, "chosen")
    image = (path / "Dockerfile").read_text("utf-8")
    for name in told:
        value = unset["environment"][name]
        assert value == "" or f"{name}={value}" in image or name == "FORWARDED_ALLOW_IPS", name
    # The password of the database in its container is none of the service's business.
    assert "another's" not in chosen["environment"].values()
    assert unset["stop_grace_period"] == "30s"


def _services(path: Path, **variables: str) -> dict[str, Any]:
    """Return what Compose makes of the services, those of all profiles."""
    machine.require_compose()
    told = run("docker compose --profile * config --format json", path, **variables).stdout
    services: dict[str, Any] = json.loads(told[told.index("{") :])["services"]
    return services


@pytest.fixture
def stand_ins(
    engine: None, render: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Make images of the names that compose.yaml has, since those of others may be out of reach."""
    services = yaml.safe_load((render() / "compose.yaml").read_text("utf-8"))["services"]
    names = {service: services[service]["image"] for service in stand_in.SERVICES}
    absent = {
        service: image
        for service, image in names.items()
        if run(f"docker image inspect {image}", machine.ROOT, check=False).returncode
    }
    with stand_in.images(absent, tmp_path_factory.mktemp("stand-ins")):
        yield


def test_service_that_is_gone_is_noticed_and_told_to_the_webhook(
    image: Callable[[Project], str],
    stand_ins: None,
    project: Callable[..., Project],
    tmp_path: Path,
) -> None:
    service = project("classification").copy(tmp_path / "project")
    path, settings = service.path, service.path / "deploy/monitoring"
    port, asked = free_port(), free_port()
    variables = {
        "IMAGE": image(service),
        "PORT": str(port),
        "PROMETHEUS_PORT": str(asked),
        "ALERTMANAGER_PORT": str(free_port()),
    }
    compose = f"docker compose --project-name slipway-{port}"
    host = run(
        "docker network inspect bridge --format '{{(index .IPAM.Config 0).Gateway}}'", path
    ).stdout.strip()
    promtool = "run --rm --no-TTY --no-deps --entrypoint promtool prometheus"
    with hearing(host) as heard:
        try:
            tested = run(
                f"{compose} {promtool} test rules /etc/prometheus/rules_test.yml", path, **variables
            )
            assert "SUCCESS" in tested.stdout
            for name in ("prometheus/prometheus.yml", "prometheus/rules.yml"):
                _rewrite(settings / name, in_haste)
            _rewrite(
                settings / "alertmanager/alertmanager.yml",
                lambda text: substituted(in_haste(text), **{PLACEHOLDER: heard.address}),
            )
            run(f"{compose} up --no-build --wait --wait-timeout 90", path, **variables)

            prometheus = Prometheus(asked)
            Client(port).ask_example()
            until(lambda: _value(prometheus, "sum(predicted_rows_total)") > 0, "the prediction")
            run(f"{compose} stop --timeout 20 api", path, **variables)
            until(lambda: "ServiceDown" in _told(heard), "the alert")
            run(f"{compose} start api", path, **variables)
            until(lambda: _told(heard).get("ServiceDown") == "resolved", "its end")
            # So that who has several machines knows which one.
            assert {one["labels"]["namespace"] for one in _alerts(heard)} == {f"slipway-{port}"}
        finally:
            run(f"{compose} down --timeout 20 --volumes", path, **variables)


def _rewrite(path: Path, change: Callable[[str], str]) -> None:
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")


def _value(prometheus: Prometheus, query: str) -> float:
    return sum(float(row["value"][1]) for row in prometheus.rows(query))


def _alerts(heard: Heard) -> list[dict[str, Any]]:
    """Return what the webhook was told of alerts, in its order."""
    return [alert for request in list(heard.requests) for alert in request.body["alerts"]]


def _told(heard: Heard) -> dict[str, str]:
    """Return the alerts that the webhook was told of, with what it heard of them last."""
    return {alert["labels"]["alertname"]: alert["status"] for alert in _alerts(heard)}


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

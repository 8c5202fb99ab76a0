"""The overlays build, obey the schemas of Kubernetes, and name each other as they should; the pod runs."""

import hashlib
import json
import os
import re
import resource
import shutil
import signal
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness import machine
from harness.command import run
from harness.project import Project
from harness.prometheus import programs, substituted
from harness.servers import free_port

KINDS = {
    "api": {
        "Namespace",
        "ConfigMap",
        "Service",
        "Deployment",
        "PodDisruptionBudget",
        "HorizontalPodAutoscaler",
        "NetworkPolicy",
    },
    "batch": {"Namespace", "ConfigMap", "CronJob", "PersistentVolumeClaim", "NetworkPolicy"},
}
OVERLAYS = ("staging", "production")
SELECTORS: dict[str, Callable[[dict[str, Any]], dict[str, str]]] = {
    "Deployment": lambda spec: spec["selector"]["matchLabels"],
    "Service": lambda spec: spec["selector"],
    "PodDisruptionBudget": lambda spec: spec["selector"]["matchLabels"],
    "NetworkPolicy": lambda spec: spec["podSelector"]["matchLabels"],
}
LONGEST_NAME = 63
Manifests = list[dict[str, Any]]

pytestmark = pytest.mark.xdist_group("images")


def _build(project: Path, overlay: str) -> str:
    machine.require("kubectl", "Kustomize is inside it")
    return run(f"kubectl kustomize deploy/kubernetes/overlays/{overlay}", project).stdout


@pytest.fixture(scope="module", params=[(s, o) for s in KINDS for o in OVERLAYS], ids="-".join)
def built(request: pytest.FixtureRequest, render: Callable[..., Path]) -> tuple[str, str, str]:
    """Return a serving, an overlay, and what Kustomize makes of it."""
    serving, overlay = request.param
    path = render({"serving": serving, "deployment": "kubernetes"})
    return serving, overlay, _build(path, overlay)


@pytest.fixture
def manifests(built: tuple[str, str, str]) -> Manifests:
    return list(yaml.safe_load_all(built[2]))


def test_overlay_has_every_kind_in_its_own_namespace(
    built: tuple[str, str, str], manifests: Manifests
) -> None:
    serving, overlay, _ = built

    assert {one["kind"] for one in manifests} == KINDS[serving]
    namespaces = {one["metadata"].get("namespace") for one in manifests} - {None}
    assert namespaces == {_only(manifests, "Namespace")["metadata"]["name"]}
    assert namespaces.pop().endswith(f"-{overlay}")


def test_manifests_obey_the_schemas_of_kubernetes(
    built: tuple[str, str, str], tmp_path: Path
) -> None:
    (tmp_path / "all.yaml").write_text(built[2], encoding="utf-8")

    run(f"{machine.tool('kubernetes-validate')} --strict all.yaml", tmp_path)


def test_everything_that_selects_pods_selects_these(manifests: Manifests) -> None:
    labels = _pod_template(manifests)["metadata"]["labels"]
    found = [(one["kind"], _selected(one)) for one in manifests if one["kind"] in SELECTORS]

    assert found
    for kind, selector in found:
        assert selector, kind
        assert selector.items() <= labels.items(), kind
    for spread in _pod(manifests).get("topologySpreadConstraints", []):
        assert spread["labelSelector"]["matchLabels"].items() <= labels.items()


def test_every_name_of_a_port_a_map_a_claim_or_a_target_is_one_that_exists(
    manifests: Manifests,
) -> None:
    [container] = _pod(manifests)["containers"]
    ports = {port["name"] for port in container.get("ports", [])}
    probes = [container[p] for p in container if p.endswith("Probe")]
    used = [probe["httpGet"]["port"] for probe in probes]
    used += [p["targetPort"] for one in _all(manifests, "Service") for p in one["spec"]["ports"]]
    used += [
        port["port"]
        for policy in _all(manifests, "NetworkPolicy")
        for rule in policy["spec"].get("ingress", [])
        for port in rule["ports"]
    ]
    maps = {one["metadata"]["name"] for one in _all(manifests, "ConfigMap")}
    claims = {one["metadata"]["name"] for one in _all(manifests, "PersistentVolumeClaim")}
    volumes = _pod(manifests).get("volumes", [])
    claimed = {
        v["persistentVolumeClaim"]["claimName"] for v in volumes if "persistentVolumeClaim" in v
    }

    assert set(used) == ports
    assert {source["configMapRef"]["name"] for source in container["envFrom"]} == maps
    assert {mount["name"] for mount in container.get("volumeMounts", [])} == {
        volume["name"] for volume in volumes
    }
    assert claimed == claims
    for scaler in _all(manifests, "HorizontalPodAutoscaler"):
        target = scaler["spec"]["scaleTargetRef"]
        aimed = _only(manifests, target["kind"])
        assert (target["name"], target["apiVersion"]) == (
            aimed["metadata"]["name"],
            aimed["apiVersion"],
        )
        assert "replicas" not in aimed["spec"], "two would decide how many there are"
        assert "cpu" in container["resources"]["requests"], "what is used is a share of this"


def test_production_keeps_two_services_and_staging_one(
    built: tuple[str, str, str], manifests: Manifests
) -> None:
    _, overlay, _ = built

    kept = [
        (one["spec"]["minReplicas"], one["spec"]["maxReplicas"])
        for one in _all(manifests, "HorizontalPodAutoscaler")
    ]

    # Files are scored by a job, which is there once.
    expected = [(2, 6) if overlay == "production" else (1, 2)]
    assert kept == (expected if _all(manifests, "Deployment") else [])


def test_pod_has_no_rights_and_limits(manifests: Manifests) -> None:
    _assert_no_rights_and_limits(_pod(manifests))


def _assert_no_rights_and_limits(pod: dict[str, Any]) -> None:
    [container] = pod["containers"]

    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["limits"].keys() == {"cpu", "memory"}


def test_requests_in_flight_have_ended_before_the_pod_is_killed(manifests: Manifests) -> None:
    for deployment in _all(manifests, "Deployment"):
        pod = deployment["spec"]["template"]["spec"]
        pause = int(pod["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][1])
        ending = int(_only(manifests, "ConfigMap")["data"]["UVICORN_TIMEOUT_GRACEFUL_SHUTDOWN"])

        assert pause + ending < pod["terminationGracePeriodSeconds"]


def test_pods_of_a_service_keep_predictions_in_a_database_they_share_or_not_at_all(
    manifests: Manifests,
) -> None:
    for _ in _all(manifests, "Deployment"):
        [container] = _pod(manifests)["containers"]
        [store] = [one for one in container["env"] if one["name"] == "STORE_URL"]

        assert store["valueFrom"] == {
            "secretKeyRef": {"name": "store", "key": "url", "optional": True}
        }
        assert _only(manifests, "ConfigMap")["data"]["STORE_URL"] == "none"
        assert all(mount["readOnly"] for mount in container["volumeMounts"])


@pytest.mark.parametrize("serving", KINDS)
def test_longest_package_name_gives_names_that_kubernetes_takes(
    render: Callable[..., Path], serving: str
) -> None:
    name = "a" * 50 + "_" + "b" * 9
    path = render({"serving": serving, "deployment": "kubernetes", "package_name": name})

    for overlay in OVERLAYS:
        for one in yaml.safe_load_all(_build(path, overlay)):
            called = one["metadata"]["name"]
            assert len(called) <= (52 if one["kind"] == "CronJob" else LONGEST_NAME)
            assert not called.endswith("-")


def _take_in(path: Path, overlay: str, *components: str) -> Manifests:
    """Name components in an overlay's one list, as the page prints them; return what Kustomize makes of it."""
    page = (path / "docs/options/deployment-kubernetes.md").read_text(encoding="utf-8")
    printed = re.findall(r"```yaml\ncomponents:\n(.*?)```", page, re.DOTALL)
    lines = [line for line in printed if line.strip().endswith(components)]
    assert len(lines) == len(components)
    file = path / f"deploy/kubernetes/overlays/{overlay}/kustomization.yaml"
    text = substituted(
        file.read_text(encoding="utf-8"), **{"components: []\n": f"components:\n{''.join(lines)}"}
    )
    file.write_text(text, encoding="utf-8")
    return list(yaml.safe_load_all(_build(path, overlay)))


@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.parametrize("components", [["store"], ["store", "monitoring"]], ids="-".join)
def test_pods_may_reach_the_store_in_any_overlay_and_nothing_else(
    render: Callable[..., Path], tmp_path: Path, overlay: str, components: list[str]
) -> None:
    path = render({"deployment": "kubernetes"})
    before = list(yaml.safe_load_all(_build(path, overlay)))

    manifests = _take_in(path, overlay, *components)

    assert [one for one in before if one not in manifests] == []
    [added] = [one for one in _all(manifests, "NetworkPolicy") if one not in before]
    labels = _pod_template(manifests)["metadata"]["labels"]
    assert added["metadata"]["namespace"] == _only(before, "Namespace")["metadata"]["name"]
    assert added["spec"].keys() == {"podSelector", "policyTypes", "egress"}
    assert added["spec"]["podSelector"]["matchLabels"].items() <= labels.items()
    assert added["spec"]["policyTypes"] == ["Egress"]
    ports = [port["port"] for rule in added["spec"]["egress"] for port in rule["ports"]]
    assert ports == [53, 53, 5432]
    (tmp_path / "added.yaml").write_text(yaml.safe_dump(added), encoding="utf-8")
    run(f"{machine.tool('kubernetes-validate')} --strict added.yaml", tmp_path)


@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.parametrize("jobs", [["monitor"], ["backup"], ["monitor", "backup"]], ids="-".join)
def test_jobs_come_beside_the_service_with_its_store_and_are_not_taken_for_its_pods(
    render: Callable[..., Path], tmp_path: Path, overlay: str, jobs: list[str]
) -> None:
    path = render({"deployment": "kubernetes"})
    before = list(yaml.safe_load_all(_build(path, overlay)))

    manifests = _take_in(path, overlay, *jobs)

    assert [one for one in before if one not in manifests] == []
    added = [one for one in manifests if one not in before]
    namespace = _only(before, "Namespace")["metadata"]["name"]
    assert {one["metadata"]["namespace"] for one in added} == {namespace}
    assert [one["metadata"]["name"] for one in _all(added, "CronJob")] == sorted(jobs)
    image = _pod(before)["containers"][0]["image"]
    for job in _all(added, "CronJob"):
        template = job["spec"]["jobTemplate"]["spec"]["template"]
        labels, pod = template["metadata"]["labels"], template["spec"]
        [container] = pod["containers"]
        _assert_no_rights_and_limits(pod)
        assert container["image"] == "-jobs:".join(image.rsplit(":", 1))
        assert job["spec"]["concurrencyPolicy"] == "Forbid"
        assert job["spec"]["jobTemplate"]["spec"]["activeDeadlineSeconds"] > 0
        assert container["env"] == [
            {
                "name": "STORE_URL",
                "valueFrom": {"secretKeyRef": {"name": "store", "key": "url"}},
            }
        ]
        volumes = {volume["name"] for volume in pod["volumes"]}
        assert {mount["name"] for mount in container["volumeMounts"]} == volumes
        selecting = [
            one["metadata"]["name"] for one in manifests if _selected(one).items() <= labels.items()
        ]
        assert selecting == [job["metadata"]["name"]], "its own policy alone"
    claims = {one["metadata"]["name"] for one in _all(added, "PersistentVolumeClaim")}
    claimed = {
        volume["persistentVolumeClaim"]["claimName"]
        for job in _all(added, "CronJob")
        for volume in job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["volumes"]
        if "persistentVolumeClaim" in volume
    }
    assert claimed == claims
    for policy in _all(added, "NetworkPolicy"):
        assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
        assert "ingress" not in policy["spec"]
        ports = [port["port"] for rule in policy["spec"]["egress"] for port in rule["ports"]]
        assert ports == [53, 53, 5432]
    (tmp_path / "added.yaml").write_text(yaml.safe_dump_all(added), encoding="utf-8")
    run(f"{machine.tool('kubernetes-validate')} --strict added.yaml", tmp_path)


def _selected(one: dict[str, Any]) -> dict[str, str]:
    """Return the labels of the pods that a manifest is about; those of no pod if it is about none."""
    nobody = {"": ""}
    return SELECTORS[one["kind"]](one["spec"]) if one["kind"] in SELECTORS else nobody


def test_others_reach_the_service_over_tls_alone_and_not_what_needs_no_key(
    render: Callable[..., Path], tmp_path: Path
) -> None:
    path = render({"deployment": "kubernetes"})
    before = list(yaml.safe_load_all(_build(path, "production")))

    manifests = _take_in(path, "production", "ingress")

    assert [one for one in before if one not in manifests] == []
    [added] = [one for one in manifests if one not in before]
    assert added["kind"] == "Ingress"
    [rule], [encrypted] = added["spec"]["rules"], added["spec"]["tls"]
    assert encrypted["hosts"] == [rule["host"]]
    service = _only(before, "Service")
    for way in rule["http"]["paths"]:
        aimed = way["backend"]["service"]
        assert way["pathType"] == "Exact"
        assert aimed["name"] == service["metadata"]["name"]
        assert aimed["port"] == {"name": service["spec"]["ports"][0]["name"]}
    routes = {
        route
        for source in (path / "src").glob("*/serve/*.py")
        for route in re.findall(r'router\.\w+\(\s*"(/[^"]+)"', source.read_text(encoding="utf-8"))
    }
    led = {way["path"] for way in rule["http"]["paths"]}
    assert led - routes == {"/docs", "/openapi.json"}
    assert routes - led == {"/metrics", "/health/live", "/health/ready"}
    page = (path / "docs/options/deployment-kubernetes.md").read_text(encoding="utf-8")
    assert f"create secret tls {encrypted['secretName']} " in page
    (tmp_path / "added.yaml").write_text(yaml.safe_dump(added), encoding="utf-8")
    run(f"{machine.tool('kubernetes-validate')} --strict added.yaml", tmp_path)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_namespace_that_is_made_before_the_first_version_is_that_of_the_overlay(
    render: Callable[..., Path], overlay: str
) -> None:
    path = render({"deployment": "kubernetes"})
    page = (path / "docs/options/deployment-kubernetes.md").read_text(encoding="utf-8")
    [file] = set(re.findall(r"kubectl apply -f (\S+/namespace\.yaml)", page))

    alone = yaml.safe_load((path / file.replace("staging", overlay)).read_text(encoding="utf-8"))

    assert alone == _only(list(yaml.safe_load_all(_build(path, overlay))), "Namespace")


@pytest.fixture
def watched(render: Callable[..., Path]) -> tuple[Path, Manifests]:
    """Return a project whose production takes the component in as its page says, and what Kustomize makes of it."""
    path = render({"deployment": "kubernetes"})
    return path, _take_in(path, "production", "monitoring")


def test_without_the_component_no_kind_needs_an_operator(manifests: Manifests) -> None:
    assert [one["kind"] for one in manifests if "coreos" in one["apiVersion"]] == []


def test_component_adds_what_the_operator_reads_and_changes_nothing_else(
    watched: tuple[Path, Manifests], render: Callable[..., Path]
) -> None:
    plain = list(yaml.safe_load_all(_build(render({"deployment": "kubernetes"}), "production")))
    added = [one for one in watched[1] if one not in plain]

    assert [one for one in plain if one not in watched[1]] == []
    assert {one["kind"] for one in added} == {"ServiceMonitor", "PrometheusRule"}
    assert {one["apiVersion"] for one in added} == {"monitoring.coreos.com/v1"}
    assert {one["metadata"]["namespace"] for one in added} == {
        _only(plain, "Namespace")["metadata"]["name"]
    }


def test_monitor_finds_the_service_its_port_and_the_name_that_the_rules_know(
    watched: tuple[Path, Manifests],
) -> None:
    path, manifests = watched
    monitor, service = _only(manifests, "ServiceMonitor")["spec"], _only(manifests, "Service")
    [endpoint] = monitor["endpoints"]
    labels = service["metadata"]["labels"]
    rules = (path / "deploy/monitoring/prometheus/rules.yml").read_text(encoding="utf-8")

    assert monitor["selector"]["matchLabels"]
    assert monitor["selector"]["matchLabels"].items() <= labels.items()
    assert endpoint["port"] in {port["name"] for port in service["spec"]["ports"]}
    assert endpoint["path"] == "/metrics"
    assert set(re.findall(r'job="([^"]+)"', rules)) == {labels[monitor["jobLabel"]]}


def test_rules_of_the_cluster_are_made_of_those_that_are_tried(
    watched: tuple[Path, Manifests], tmp_path: Path
) -> None:
    path, manifests = watched
    rules = path / "deploy/monitoring/prometheus/rules.yml"
    manifest = path / "deploy/kubernetes/components/monitoring/rules.yaml"
    as_rendered = manifest.read_bytes()
    (tmp_path / "rules.yml").write_text(
        yaml.safe_dump(_only(manifests, "PrometheusRule")["spec"]), encoding="utf-8"
    )

    run(f"{programs()['promtool']} check rules rules.yml", tmp_path)
    run("python scripts/prometheus_rule.py", path)
    assert manifest.read_bytes() == as_rendered

    rules.write_text(rules.read_text(encoding="utf-8").replace("0.05", "0.01"), encoding="utf-8")
    run("python scripts/prometheus_rule.py", path)
    assert yaml.safe_load(manifest.read_text("utf-8"))["spec"] == yaml.safe_load(
        rules.read_text("utf-8")
    )
    assert manifest.read_bytes() != as_rendered


@pytest.fixture
def image(engine: None, project: Callable[..., Project]) -> Iterator[str]:
    """The image of the service, which is the same wherever it runs."""
    path, name = project("classification").path, f"slipway-test-kubernetes:{os.getpid()}"
    run(f"docker build --quiet --network host --tag {name} .", path)
    yield name
    run(f"docker image rm --force {name}", path)


@dataclass(frozen=True)
class Pod:
    """A pod of the Deployment, and the key that its service knows."""

    container: str
    address: str
    key: str
    podman: Callable[[str], str]

    def ask(self, path: str) -> Any:
        """Send a request with the key."""
        headers = {"Authorization": f"Bearer {self.key}"}
        request = urllib.request.Request(f"{self.address}{path}", headers=headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def wait_until_well(self, probe: dict[str, Any]) -> None:
        """Wait as long as a probe does."""
        deadline = time.monotonic() + probe["periodSeconds"] * probe["failureThreshold"]
        while not _is_well(f"{self.address}{probe['httpGet']['path']}"):
            assert time.monotonic() < deadline, self.podman(f"logs {self.container}")
            time.sleep(0.2)


@pytest.fixture
def playing(image: str, tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Give a podman of the test's own, which has the image."""
    machine.require("podman", "it runs a Deployment without a cluster")
    # It would ask for more than a machine may have that is itself a container.
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    settings = tmp_path / "containers.conf"
    limits = f'["nofile={most}:{most}", "nproc=4096:4096"]'
    settings.write_text(f"[containers]\ndefault_ulimits = {limits}\n", encoding="utf-8")
    # A longer path it does not take.
    places = Path(tempfile.mkdtemp(prefix="podman-"))

    def podman(command: str) -> str:
        variables = {"CONTAINERS_CONF": str(settings), "DOCKER_CONFIG": ""}
        return run(
            f"podman --root {places}/root --runroot {places}/run {command}", tmp_path, **variables
        ).stdout

    run(f"docker save --output {tmp_path}/image.tar {image}", tmp_path)
    podman(f"load --quiet --input {tmp_path}/image.tar")
    try:
        yield podman
    finally:
        podman("system reset --force")
        shutil.rmtree(places)


@pytest.fixture
def pod(image: str, playing: Callable[[str], str], render: Callable[..., Path]) -> Iterator[Pod]:
    """Run the pod of the Deployment with its ConfigMap and the Secret of a key."""
    path, key, port = render({"deployment": "kubernetes"}), "k" * 43, free_port()
    manifests = list(yaml.safe_load_all(_build(path, "production")))
    deployment, settings = _only(manifests, "Deployment"), _only(manifests, "ConfigMap")
    [container] = _pod(manifests)["containers"]
    # What podman knows otherwise than Kubernetes: names of ports in probes, and Secrets that may be absent.
    [listens] = container["ports"]
    for name in (name for name in container if name.endswith("Probe")):
        container[name]["httpGet"]["port"] = listens["containerPort"]
    for volume in _pod(manifests)["volumes"]:
        if "secret" in volume:
            volume["secret"]["optional"] = False
    listens["hostPort"] = port
    container["image"] = f"docker.io/library/{image}"
    # Podman 4 hands the values of a Secret over as they stand there, and not from base64.
    values = {"data": {"keys": f"tester:{hashlib.sha256(key.encode()).hexdigest()}"}}
    secret, played = path / "secret.yaml", path / "played.yaml"
    secret.write_text(yaml.safe_dump(values), encoding="utf-8")
    playing(f"secret create api-keys {secret}")
    played.write_text(yaml.safe_dump_all([settings, deployment]), encoding="utf-8")
    playing(f"play kube {played}")
    [name] = [
        found for found in playing("ps --format {{.Names}}").split() if found.endswith("-api")
    ]
    yield Pod(name, f"http://127.0.0.1:{port}", key, playing)
    playing(f"play kube --down {played}")


def test_pod_of_the_deployment_runs_and_survives_a_killed_process(
    pod: Pod, render: Callable[..., Path]
) -> None:
    manifests = list(yaml.safe_load_all(_build(render({"deployment": "kubernetes"}), "production")))
    [container] = _pod(manifests)["containers"]
    probe, pause = container["startupProbe"], container["lifecycle"]["preStop"]["exec"]["command"]

    pod.wait_until_well(probe)
    before = pod.ask("/version")
    assert pod.podman(f"exec {pod.container} printenv STORE_URL").strip() == "none"
    pod.podman(f"exec {pod.container} {pause[0]} 0")
    process = int(pod.podman(f"inspect --format {{{{.State.Pid}}}} {pod.container}"))
    os.kill(process, signal.SIGKILL)
    deadline = time.monotonic() + probe["periodSeconds"] * probe["failureThreshold"]
    while pod.podman(f"inspect --format {{{{.RestartCount}}}} {pod.container}").strip() == "0":
        assert time.monotonic() < deadline
        time.sleep(0.2)
    pod.wait_until_well(probe)

    assert pod.ask("/version") == before
    assert int(pod.podman(f"inspect --format {{{{.State.Pid}}}} {pod.container}")) != process
    with pytest.raises(urllib.error.HTTPError, match="401"):
        replace(pod, key="another").ask("/version")


def _is_well(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=3) as answer:
            return bool(json.load(answer)["status"] == "ok")
    except OSError:
        return False


def _all(manifests: Manifests, kind: str) -> Manifests:
    return [one for one in manifests if one["kind"] == kind]


def _only(manifests: Manifests, kind: str) -> dict[str, Any]:
    [found] = _all(manifests, kind)
    return found


def _pod_template(manifests: Manifests) -> dict[str, Any]:
    [spec] = [one["spec"] for one in manifests if one["kind"] in ("Deployment", "CronJob")]
    template: dict[str, Any] = spec.get("jobTemplate", {"spec": spec})["spec"]["template"]
    return template


def _pod(manifests: Manifests) -> dict[str, Any]:
    pod: dict[str, Any] = _pod_template(manifests)["spec"]
    return pod

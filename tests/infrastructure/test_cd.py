"""What CI passed is built, scanned, signed and deployed, and gives way to the version before it if it fails."""

import json
import os
import shutil
import sys
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from harness import known_weaknesses, machine, stand_in
from harness.command import run
from harness.git import begin
from harness.project import Project
from harness.prometheus import Prometheus
from harness.runbooks import printed_commands, type_in
from harness.servers import free_port, listening
from harness.service import api_key
from harness.waiting import until
from harness.workflow import Ran, Runner, Workflow

SCAN = "Look for known weaknesses"
PROOF = "Prove that none was found because it was looked for"
PUSH = "Push the image"
ATTEST = "Say where it comes from"
CHECK = "Take only an image that this workflow signed"
SCORE = "Score rows of its own making as production does, with one folder to write to"
TAKE = "Take it for the next runs"
SMOKE = "Ask it for all that an answer depends on"
BACK = "Go back to the version before"
WATCH = "Start what watches it, with the rules of this version"
HARMLESS = {"no-such-package": "CVE-2026-00001"}
PASSED = {
    "repository": {"default_branch": "main"},
    "workflow_run": {
        "id": 41,
        "conclusion": "success",
        "event": "push",
        "head_branch": "main",
        "head_repository": {"full_name": "owner/project"},
    },
}

# Port 8000 of this machine belongs to these tests and to those of the image in test_workflow.py.
pytestmark = [pytest.mark.xdist_group("pipeline and image"), pytest.mark.usefixtures("engine")]


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a registry, and return where it is."""
    program = machine.require("docker-registry", "images are pushed to it")
    folder, port = tmp_path_factory.mktemp("registry"), free_port()
    (folder / "config.yml").write_text(
        f"version: 0.1\nhttp: {{addr: '127.0.0.1:{port}'}}\n"
        f"storage: {{filesystem: {{rootdirectory: '{folder / 'images'}'}}}}\n",
        encoding="utf-8",
    )
    with listening([program, "serve", folder / "config.yml"], port, folder / "log"):
        yield f"127.0.0.1:{port}"
    left = run(f"docker images --quiet 127.0.0.1:{port}/owner/project", folder).stdout.split()
    run(f"docker image rm --force {' '.join(set(left))}", folder, check=False)


@pytest.fixture(scope="module")
def tools(programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with docker, Trivy, and what stands in for cosign and for a cluster."""
    folder = tmp_path_factory.mktemp("tools")
    shutil.copy2(programs / "docker", folder)
    shutil.copy2(Path(__file__).with_name("cosign"), folder)
    (folder / "trivy").symlink_to(machine.tool("trivy"))
    (folder / "kubectl").write_text(
        f'#!/bin/sh\nexec "{sys.executable}" "{Path(__file__).with_name("cluster.py")}" "$@"\n',
        encoding="utf-8",
    )
    (folder / "kubectl").chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def runner(
    reader: Path, registry: str, tools: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[Project], Runner]]:
    """Return a function that makes what runs the jobs of a project's cd.yml, as after CI has passed."""
    read: list[Workflow] = []
    home = tmp_path_factory.mktemp("home")
    (home / ".docker").mkdir()
    if plugins := machine.environment().get("DOCKER_CONFIG"):
        (home / ".docker/cli-plugins").symlink_to(Path(plugins) / "cli-plugins")
    known_weaknesses.write(home / "trivy", HARMLESS, age=timedelta(hours=5))
    variables = {
        "REGISTRY": registry,
        "HOME": str(home),
        "DOCKER_CONFIG": str(home / ".docker"),
        "KUBECONFIG": str(home / "kubeconfig"),
        "KUBECTL": str(machine.require("kubectl", "Kustomize is inside it")),
        "SIGNATURES": str(home / "signatures"),
        "TRIVY_CACHE_DIR": str(home / "trivy"),
        "TRIVY_SKIP_DB_UPDATE": "true",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "a token",
        "ACTIONS_ID_TOKEN_REQUEST_URL": "http://127.0.0.1:9/?",
    }

    def make(origin: Project) -> Runner:
        read.append(Workflow(reader, origin.path / ".github/workflows/cd.yml"))
        folder = tmp_path_factory.mktemp("runner")
        kept = folder / "artifacts/model/model.onnx"
        kept.parent.mkdir(parents=True)
        if (model := origin.path / "models/model.onnx").exists():
            shutil.copy2(model, kept)
        return Runner(
            *(read[-1], origin, "", folder, tools),
            event="workflow_run",
            payload=PASSED,
            settings={"DEPLOY": "production"},
            variables=variables | {"CLUSTER": str(tmp_path_factory.mktemp("cluster"))},
        )

    yield make
    for workflow in read:
        workflow.close()


@pytest.fixture(scope="module")
def service(project: Callable[[str], Project], runner: Callable[[Project], Runner]) -> Runner:
    return runner(project("classification"))


@pytest.fixture(scope="module")
def built(service: Runner) -> Ran:
    return service.run("image")


def _needs(digest: str) -> dict[str, Any]:
    return {
        "image": {"result": "success", "outputs": {"digest": digest}},
        "staging": {"result": "success"},
    }


def _again(runner: Runner, name: str, **changes: Any) -> Runner:
    """Return a runner that starts in another folder, with the same model from CI."""
    folder = runner.folder.with_name(f"{runner.folder.name}-{name}")
    if not folder.exists():
        shutil.copytree(runner.folder / "artifacts", folder / "artifacts")
    return replace(runner, folder=folder, **changes)


def test_every_job_is_run_here(service: Runner) -> None:
    assert [job["id"] for job in service.workflow.ask("jobs")] == ["image", "staging", "production"]


def test_image_is_scanned_pushed_and_signed_by_its_digest(
    service: Runner, built: Ran, registry: str
) -> None:
    assert built.status == "success", str(built)
    digest, commit = built.outputs["digest"], run("git rev-parse HEAD", service.repository.path)
    asked = urllib.request.Request(
        f"http://{registry}/v2/owner/project/manifests/{commit.stdout.strip()}",
        headers={"Accept": "application/vnd.docker.distribution.manifest.v2+json"},
    )
    with urllib.request.urlopen(asked, timeout=10) as answer:
        assert answer.headers["Docker-Content-Digest"] == digest
    image = f"{registry}/owner/project@{digest}"
    assert Path(service.variables["SIGNATURES"]).read_text() == f"sign {image}\nattest {image}\n"
    assert built.given(ATTEST)["subject-digest"] == digest
    listed = json.loads((service.folder / "artifacts/image/sbom.json").read_text(encoding="utf-8"))
    assert {"onnxruntime", "fastapi"} <= {one["name"] for one in listed["components"]}
    assert digest in built.summary


def test_origin_is_attested_only_where_github_keeps_attestations(service: Runner) -> None:
    def attests(settings: dict[str, str], **repository: bool) -> bool:
        told = {**PASSED, "repository": {**PASSED["repository"], **repository}}
        return replace(service, payload=told, settings=settings).takes("image", ATTEST)

    assert attests({}, private=False)
    assert not attests({}, private=True)
    assert not attests({"ATTEST": "false"}, private=True)
    assert attests({"ATTEST": "true"}, private=True)


@pytest.mark.parametrize(
    ("weaknesses", "age", "step", "said"),
    [
        (None, 0, SCAN, "DB"),
        (HARMLESS, 30, PROOF, "old ones alone"),
        ({"uvicorn": "CVE-2026-00002"}, 0, PROOF, "CVE-2026-00002 in uvicorn"),
    ],
    ids=["no database", "old database", "weakness"],
)
def test_scan_that_was_skipped_or_found_something_stops_the_release(
    service: Runner, tmp_path: Path, weaknesses: dict[str, str], age: int, step: str, said: str
) -> None:
    if weaknesses:
        known_weaknesses.write(tmp_path / "trivy", weaknesses, age=timedelta(days=age))
    variables = {**service.variables, "TRIVY_CACHE_DIR": str(tmp_path / "trivy")}

    ran = _again(service, tmp_path.name, variables=variables).run("image")

    assert ran.status == "failure"
    assert ran.outcome(step) == "failure", str(ran)
    assert said in str(ran)
    assert ran.outcome(PUSH) == "skipped"


def test_scan_that_sees_no_packages_stops_the_release(service: Runner, tmp_path: Path) -> None:
    empty = service.repository.copy(tmp_path / "project")
    (empty.path / "Dockerfile").write_text("FROM scratch\nCOPY LICENSE /\n", encoding="utf-8")
    empty.commit("Hold nothing")

    ran = _again(service, "empty", repository=empty).run("image")

    assert ran.outcome(PROOF) == "failure", str(ran)
    assert "no packages of the class os-pkgs" in str(ran)
    assert ran.outcome(PUSH) == "skipped"


def test_only_what_ci_passed_on_the_main_branch_is_built(service: Runner) -> None:
    def after(**changes: Any) -> Runner:
        told = {**PASSED["workflow_run"], **changes}
        return replace(service, payload={**PASSED, "workflow_run": told})

    assert service.runs("image", "success")
    assert not after(conclusion="failure").runs("image", "success")
    assert not after(event="pull_request").runs("image", "success")
    assert not after(head_branch="topic").runs("image", "success")
    assert not after(head_repository={"full_name": "a/fork"}).runs("image", "success")
    assert not replace(service, event="workflow_dispatch").runs("image", "success")


def test_version_goes_only_as_far_as_the_project_says(service: Runner) -> None:
    done = {"image": {"result": "success"}, "staging": {"result": "success"}}
    failed = {"image": {"result": "success"}, "staging": {"result": "failure"}}
    skipped = {"image": {"result": "skipped"}}

    def goes(needs: dict[str, Any], deploy: str, event: str = "workflow_run") -> list[str]:
        asked = replace(service, needs=needs, settings={"DEPLOY": deploy}, event=event)
        return [job for job in ("staging", "production") if asked.runs(job, "success")]

    assert goes(done, "") == []
    assert goes(done, "staging") == ["staging"]
    assert goes(done, "production") == ["staging", "production"]
    assert goes(failed, "production") == ["staging"]
    assert goes(skipped, "production") == []
    assert goes(skipped, "production", "workflow_dispatch") == ["staging"]


@pytest.fixture(scope="module")
def signed(registry: str, service: Runner) -> Callable[..., str]:
    """Return a function that makes an image on top of another one, signs it, and returns its digest."""

    def make(below: str, line: str) -> str:
        folder = service.folder / "another"
        folder.mkdir(exist_ok=True)
        (folder / "Dockerfile").write_text(f"FROM {below}\n{line}\n", encoding="utf-8")
        name = f"{registry}/owner/project"
        run(f"docker build --quiet --tag {name}:another .", folder)
        run(f"docker push --quiet {name}:another", folder)
        told = run(
            f"docker image inspect --format '{{{{json .RepoDigests}}}}' {name}:another", folder
        )
        [pushed] = [one for one in json.loads(told.stdout) if one.startswith(f"{name}@")]
        with Path(service.variables["SIGNATURES"]).open("a", encoding="utf-8") as signatures:
            signatures.write(f"sign {pushed}\n")
        return str(pushed.partition("@")[2])

    return make


@pytest.fixture(scope="module")
def watching(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Return images of Prometheus and Alertmanager, under names that no other test has."""
    names = {name: f"slipway-test-cd-{name}:{os.getpid()}" for name in stand_in.SERVICES}
    with stand_in.images(names, tmp_path_factory.mktemp("stand-ins")):
        yield names


@dataclass(frozen=True)
class Staging:
    """The folder of staging on its machine, as its people have set it up, and what they know."""

    place: Path
    key: str
    prometheus: Prometheus


@pytest.fixture
def staging(service: Runner, watching: dict[str, str]) -> Iterator[Staging]:
    key, line = api_key(service.repository, "smoke")
    place, asked = _place(service, "staging"), free_port()
    place.mkdir()
    ports = f"PORT={free_port()}\nPROMETHEUS_PORT={asked}\nALERTMANAGER_PORT={free_port()}"
    (place / ".env").write_text(f"API_KEYS={line}\n{ports}\nLAST=1", encoding="utf-8")
    images = {"services": {name: {"image": image} for name, image in watching.items()}}
    (place / "compose.override.yaml").write_text(json.dumps(images), encoding="utf-8")
    yield Staging(place, key, Prometheus(asked))
    run("docker compose down --volumes --timeout 5", place, check=False)
    shutil.rmtree(place)


def test_compose_serves_the_image_and_goes_back_when_a_later_one_fails(
    service: Runner, built: Ran, registry: str, signed: Callable[..., str], staging: Staging
) -> None:
    first, place = built.outputs["digest"], staging.place
    image = f"{registry}/owner/project@{first}"
    deployed = _again(service, "first", needs=_needs(first), secrets={"SMOKE_KEY": staging.key})

    ran = deployed.run("staging")

    assert ran.status == "success", str(ran)
    assert ran.outcome(BACK) == "skipped"
    assert ran.printed(SMOKE).startswith("model ")
    assert '"prediction": "Adelie"' in ran.printed(SMOKE)
    assert (place / ".env").read_text().splitlines()[4:] == ["LAST=1", f"IMAGE={image}"]
    assert _served(place) == image

    unfit = signed(image, 'ENTRYPOINT ["false"]')
    ran = _again(deployed, "unfit", needs=_needs(unfit)).run("staging")
    assert ran.status == "failure"
    assert ran.outcome("Start it in place of the version before") == "failure", str(ran)
    assert ran.outcome(BACK) == "success", str(ran)
    assert ran.outcome(WATCH) == "skipped"
    assert _served(place) == image

    deaf = signed(image, "LABEL other=true")
    ran = _again(deployed, "deaf", needs=_needs(deaf), secrets={"SMOKE_KEY": "no"}).run("staging")
    assert ran.outcome(SMOKE) == "failure", str(ran)
    assert "/version answered 401" in str(ran)
    assert ran.outcome(BACK) == "success", str(ran)
    assert _served(place) == image


def test_release_is_watched_with_its_own_rules_and_those_that_are_no_good_end_nothing(
    service: Runner, built: Ran, registry: str, staging: Staging, tmp_path: Path
) -> None:
    first = built.outputs["digest"]
    image = f"{registry}/owner/project@{first}"
    changed = service.repository.copy(tmp_path / "project")
    rules = changed.path / "deploy/monitoring/prometheus/rules.yml"
    good = rules.read_text(encoding="utf-8")
    deployed = _again(
        *(service, "watched"),
        needs=_needs(first),
        secrets={"SMOKE_KEY": staging.key},
    )
    name = staging.place.name.removesuffix("-staging")

    ran = deployed.run("staging")
    assert ran.status == "success", str(ran)
    until(lambda: bool(staging.prometheus.rows(f'up{{job="{name}"}} == 1')), "the figures")
    alerts = _alerts(staging)

    rules.write_text(good.replace("alert: ServiceDown", "alert: ServiceGone"), encoding="utf-8")
    changed.commit("Change a rule")
    ran = _again(deployed, "changed", repository=changed).run("staging")
    assert ran.status == "success", str(ran)
    assert _alerts(staging) == alerts - {"ServiceDown"} | {"ServiceGone"}

    rules.write_text(good.replace("expr: ", "expr: )", 1), encoding="utf-8")
    changed.commit("Make a mistake")
    ran = _again(deployed, "broken", repository=changed).run("staging")
    assert ran.outcome(WATCH) == "failure", str(ran)
    assert "parse error" in ran.printed(WATCH)
    assert ran.outcome(BACK) == "skipped"
    assert "ServiceGone" in _alerts(staging)
    assert _served(staging.place) == image


def _alerts(staging: Staging) -> set[str]:
    return {rule["name"] for rule in staging.prometheus.rules() if rule["type"] == "alerting"}


def test_first_version_that_fails_has_nothing_to_go_back_to(
    service: Runner, built: Ran, registry: str, signed: Callable[..., str]
) -> None:
    unfit = signed(f"{registry}/owner/project@{built.outputs['digest']}", 'ENTRYPOINT ["false"]')
    place = _place(service, "production")
    try:
        ran = _again(service, "nothing", needs=_needs(unfit)).run("production")
    finally:
        run("docker compose down --volumes --timeout 5", place, check=False)

    assert ran.outcome(BACK) == "failure"
    assert "no version before it" in str(ran)


@pytest.mark.parametrize(
    ("digest", "said"),
    [("sha256:" + "0" * 64, "no signatures found"), ("latest", "'latest' is no digest")],
    ids=["unsigned", "no digest"],
)
def test_image_that_this_workflow_did_not_sign_is_refused(
    service: Runner, digest: str, said: str
) -> None:
    by_hand = replace(service, event="workflow_dispatch", inputs={"digest": digest})

    ran = _again(by_hand, digest[:8].replace(":", "-")).run("staging")

    assert ran.outcome(CHECK) == "failure", str(ran)
    assert said in str(ran)
    assert ran.steps[-1].outcome == "skipped"


def test_cluster_rolls_the_image_out_and_goes_back_when_a_later_one_fails(
    render: Callable[..., Path],
    runner: Callable[[Project], Runner],
    service: Runner,
    built: Ran,
    registry: str,
    signed: Callable[..., str],
    tools: Path,
    tmp_path: Path,
) -> None:
    # The image is that of the service, wherever it runs; from the project come workflow and manifests.
    origin = _repository(render({"deployment": "kubernetes"}), tmp_path)
    first, (key, line) = built.outputs["digest"], api_key(service.repository, "smoke")
    image = f"{registry}/owner/project@{first}"
    store = "postgresql://served:a%20password@database.example.org:5432/served"
    deployed = replace(runner(origin), needs=_needs(first), secrets={"SMOKE_KEY": key})
    cluster = Path(deployed.variables["CLUSTER"])
    (cluster / "secrets/api-keys").mkdir(parents=True)
    (cluster / "secrets/api-keys/keys").write_text(f"{line}\n", encoding="utf-8")
    try:
        ran = deployed.run("production")
        assert ran.status == "success", str(ran)
        assert '"prediction": "Adelie"' in ran.printed(SMOKE)
        assert _running(cluster) == image
        here = deployed.variables | {"PATH": f"{tools}{os.pathsep}{machine.environment()['PATH']}"}
        looked = printed_commands(origin, "incident.md", "In the first five minutes")
        [of_store] = [line for line in looked.splitlines() if line.endswith(".serve.store")]
        assert "STORE_URL is none" in run(of_store, origin.path, check=False, **here).stdout
        seen = type_in(looked.replace(of_store, ""), origin.path, key, **here)
        assert '"prediction": "Adelie"' in seen
        assert "model_refused 0.0" in seen
        (cluster / "secrets/store").mkdir()
        (cluster / "secrets/store/url").write_text(store, encoding="utf-8")
        alert = printed_commands(origin, "alerts.md", "PerformanceWorse").splitlines()[0]
        named, _, learn = alert.partition(" uv run ")
        assert learn.startswith("poe labelled ")
        assert type_in(f"{named} printenv STORE_URL", origin.path, **here).strip() == store

        unfit = signed(image, 'ENTRYPOINT ["false"]')
        ran = _again(deployed, "unfit", needs=_needs(unfit)).run("production")
        assert ran.outcome("Roll it out") == "failure", str(ran)
        assert ran.outcome(BACK) == "success", str(ran)
        assert _running(cluster) == image

        deaf = signed(image, "LABEL other=true")
        ran = _again(deployed, "deaf", needs=_needs(deaf), secrets={"SMOKE_KEY": "no"}).run(
            "production"
        )
        assert ran.outcome(SMOKE) == "failure", str(ran)
        assert ran.outcome(BACK) == "success", str(ran)
        assert _running(cluster) == image
    finally:
        for container in run(
            "docker ps --all --quiet --filter label=slipway-test-cluster", cluster
        ).stdout.split():
            run(f"docker rm --force --volumes {container}", cluster)


def test_file_scoring_is_tried_before_it_is_taken(
    batch: Project,
    runner: Callable[[Project], Runner],
    signed: Callable[..., str],
    registry: str,
    render: Callable[..., Path],
    tmp_path: Path,
) -> None:
    scoring = runner(batch)
    built = scoring.run("image")
    assert built.status == "success", str(built)
    first = built.outputs["digest"]
    image = f"{registry}/owner/project@{first}"
    broken = signed(image, "ENV MODEL_PATH=/no/model")

    ran = _again(scoring, "first", needs=_needs(first)).run("staging")
    assert ran.status == "success", str(ran)
    ran = _again(scoring, "broken", needs=_needs(broken)).run("staging")
    assert ran.outcome(SCORE) == "failure", str(ran)
    assert ran.outcome(TAKE) == "skipped"
    kept = (_place(scoring, "staging") / ".env").read_text(encoding="utf-8")
    assert kept.splitlines()[-1] == f"IMAGE={image}"

    origin = _repository(render({"serving": "batch", "deployment": "kubernetes"}), tmp_path)
    nightly = runner(origin)
    cluster = Path(nightly.variables["CLUSTER"])
    ran = replace(nightly, needs=_needs(first)).run("staging")
    assert ran.status == "success", str(ran)
    ran = _again(nightly, "broken", needs=_needs(broken)).run("staging")
    assert ran.outcome("Score rows of its own making in a job of its own") == "failure", str(ran)
    assert ran.outcome(BACK) == "success", str(ran)
    assert image in (cluster / "state.json").read_text(encoding="utf-8")
    assert broken not in (cluster / "state.json").read_text(encoding="utf-8")


def _repository(rendered: Path, folder: Path) -> Project:
    path = shutil.copytree(rendered, folder / "project")
    begin(path)
    made = Project(path, folder / "no environment")
    made.commit("Generate the project")
    return made


def _place(runner: Runner, environment: str) -> Path:
    """Return the folder of the machine in which an environment of Compose is kept."""
    name = runner.repository.package.replace("_", "-")
    return Path(runner.variables["HOME"]) / f"{name}-{environment}"


def _served(place: Path) -> str:
    container = run("docker compose ps --quiet api", place).stdout.strip()
    return _image_of(container)


def _running(cluster: Path) -> str:
    return _image_of(json.loads((cluster / "state.json").read_text(encoding="utf-8"))["ready"])


def _image_of(container: str) -> str:
    told = run(
        f"docker inspect --format {{{{.State.Running}}}}:{{{{.Config.Image}}}} {container}",
        machine.ROOT,
    )
    running, _, image = told.stdout.strip().partition(":")
    assert running == "true"
    return image

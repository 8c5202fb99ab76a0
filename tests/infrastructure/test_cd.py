"""What CI passed is built, scanned, signed and deployed, and gives way to the version before it if it fails."""

import json
import os
import shutil
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from harness import cluster, known_weaknesses, machine, stand_in
from harness.command import run
from harness.git import begin
from harness.project import Project
from harness.prometheus import Prometheus, substituted
from harness.runbooks import printed_commands, type_in
from harness.servers import free_port, hearing, listening
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
        "run_number": 12,
        "conclusion": "success",
        "event": "push",
        "head_branch": "main",
        "head_repository": {"full_name": "owner/project"},
    },
}

START = "Start it in place of the version before"
# Versions that are no good: what their image has more, the key of the smoke test if it is another one, and the step
# that fails.
UNFIT = [("unfit", 'ENTRYPOINT ["false"]', "", START), ("deaf", "LABEL other=true", "no", SMOKE)]
UNFIT_NAMES = ["does not start", "refuses the key"]
NEWEST = {"result": "success", "outputs": {"newest": "true"}}
"""What the job `order` leaves when CI has passed no later commit."""

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
    cluster.write_kubectl(folder)
    return folder


@pytest.fixture(scope="module")
def runner(
    reader: Path, registry: str, tools: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[Project], Runner]]:
    """Return a function that makes what runs the jobs of a project's cd.yml, as after CI has passed."""
    read: list[Workflow] = []
    shared = tmp_path_factory.mktemp("shared")
    (shared / ".docker").mkdir()
    if plugins := machine.environment().get("DOCKER_CONFIG"):
        (shared / ".docker/cli-plugins").symlink_to(Path(plugins) / "cli-plugins")
    known_weaknesses.write(shared / "trivy", HARMLESS, age=timedelta(hours=5))
    variables = {
        "REGISTRY": registry,
        "DOCKER_CONFIG": str(shared / ".docker"),
        "SIGNATURES": str(shared / "signatures"),
        "TRIVY_CACHE_DIR": str(shared / "trivy"),
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
            variables=variables
            | {"HOME": str(tmp_path_factory.mktemp("home"))}
            | cluster.variables(tmp_path_factory.mktemp("cluster")),
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
        "order": NEWEST,
        "staging": {"result": "success"},
    }


def _again(runner: Runner, name: str, **changes: Any) -> Runner:
    """Return a runner that starts in another folder, with the same model from CI."""
    folder = runner.folder.with_name(f"{runner.folder.name}-{name}")
    if not folder.exists():
        shutil.copytree(runner.folder / "artifacts", folder / "artifacts")
    return replace(runner, folder=folder, **changes)


def test_every_job_is_run_here(service: Runner) -> None:
    listed = [job["id"] for job in service.workflow.ask("jobs")]

    assert listed == ["image", "order", "staging", "production"]


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
    done = {"order": NEWEST, "staging": {"result": "success"}}
    failed = {"order": NEWEST, "staging": {"result": "failure"}}
    older = {"order": {"result": "success", "outputs": {"newest": "false"}}}
    skipped = {"order": {"result": "skipped", "outputs": {}}}

    def goes(needs: dict[str, Any], deploy: str, event: str = "workflow_run") -> list[str]:
        asked = replace(service, needs=needs, settings={"DEPLOY": deploy}, event=event)
        return [job for job in ("staging", "production") if asked.runs(job, "success")]

    assert goes(done, "") == []
    assert goes(done, "staging") == ["staging"]
    assert goes(done, "production") == ["staging", "production"]
    assert goes(failed, "production") == ["staging"]
    assert goes(older, "production") == []
    assert goes(skipped, "production") == []
    assert goes(skipped, "production", "workflow_dispatch") == ["staging"]


@pytest.mark.parametrize(
    ("latest", "newest"),
    [([12], "true"), ([13], "false"), ([11], "true"), ([], "true")],
    ids=["this one", "later", "not yet listed", "none listed"],
)
def test_commit_gives_way_to_a_later_one_that_ci_has_passed(
    service: Runner, latest: list[int], newest: str
) -> None:
    with hearing() as github:
        github.answer = {"workflow_runs": [{"run_number": number} for number in latest]}
        name = f"order-{'-'.join(map(str, latest))}"
        ran = _again(service, name, api=github.address).run("order")

    assert ran.status == "success", str(ran)
    assert ran.outputs == {"newest": newest}
    assert ("start CD with the digest" in ran.steps[0].output) == (newest == "false")
    [asked] = github.requests
    assert asked.path == (
        "/repos/owner/project/actions/workflows/ci.yml/runs"
        "?event=push&status=success&per_page=1&branch=main"
    )
    assert asked.headers["Authorization"] == "Bearer a token"


def test_commit_goes_nowhere_if_nobody_can_say_which_one_is_the_latest(service: Runner) -> None:
    assert _again(service, "order-unknown").run("order").status == "failure"


def test_deployment_that_is_cancelled_goes_back_if_it_had_begun(
    service: Runner,
    runner: Callable[[Project], Runner],
    render: Callable[..., Path],
    tmp_path: Path,
) -> None:
    clusters = [
        runner(
            _repository(
                render({"serving": serving, "deployment": "kubernetes"}), tmp_path / serving
            )
        )
        for serving in ("api", "batch")
    ]

    for deployed in (replace(one, needs=_needs("")) for one in (service, *clusters)):
        begun, not_begun = {"outcome": "cancelled"}, {"outcome": "skipped"}
        assert deployed.takes("production", BACK, "cancelled", start=begun)
        assert deployed.takes("production", BACK, "failure", start={"outcome": "success"})
        assert not deployed.takes("production", BACK, "cancelled", start=not_begun)
        assert not deployed.takes("production", BACK, "success", start={"outcome": "success"})


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


@pytest.fixture(scope="module")
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


@pytest.fixture(scope="module")
def deployed(service: Runner, built: Ran, staging: Staging) -> tuple[Runner, Ran]:
    """Return what runs the jobs with a version in service, and how that one came there."""
    # A secret that was copied has a line break at its end now and then.
    needs, secrets = _needs(built.outputs["digest"]), {"SMOKE_KEY": f"{staging.key}\n"}
    first = _again(service, "first", needs=needs, secrets=secrets)
    ran = first.run("staging")
    assert ran.status == "success", str(ran)
    return first, ran


def test_compose_serves_the_image_and_keeps_what_the_people_of_the_machine_have_set(
    deployed: tuple[Runner, Ran], built: Ran, registry: str, staging: Staging
) -> None:
    image = f"{registry}/owner/project@{built.outputs['digest']}"
    _, ran = deployed

    assert ran.outcome(BACK) == "skipped"
    assert ran.printed(SMOKE).startswith("model ")
    assert '"prediction": "Adelie"' in ran.printed(SMOKE)
    assert (staging.place / ".env").read_text().splitlines()[4:] == ["LAST=1", f"IMAGE={image}"]
    assert _served(staging.place) == image


@pytest.mark.parametrize(("name", "line", "key", "step"), UNFIT, ids=UNFIT_NAMES)
def test_version_that_fails_with_compose_gives_way_to_the_whole_one_before(
    deployed: tuple[Runner, Ran],
    built: Ran,
    registry: str,
    signed: Callable[..., str],
    staging: Staging,
    tmp_path: Path,
    name: str,
    line: str,
    key: str,
    step: str,
) -> None:
    image, (first, _) = f"{registry}/owner/project@{built.outputs['digest']}", deployed
    changed = first.repository.copy(tmp_path / "project")
    (changed.path / "compose.overridden.yaml").write_text("services: {}\n", encoding="utf-8")
    changed.commit("Bring a file more")
    secrets = {"SMOKE_KEY": key or staging.key}
    needs = _needs(signed(image, line))

    ran = _again(first, name, repository=changed, needs=needs, secrets=secrets).run("staging")

    assert ran.outcome(step) == "failure", str(ran)
    assert ran.outcome(BACK) == "success", str(ran)
    assert ran.outcome(WATCH) == "skipped"
    assert _served(staging.place) == image
    assert not (staging.place / "compose.overridden.yaml").exists()
    assert (staging.place / "compose.override.yaml").exists(), "what people put there is theirs"


def test_compose_file_that_is_no_good_gives_way_to_the_one_before(
    deployed: tuple[Runner, Ran], built: Ran, registry: str, staging: Staging, tmp_path: Path
) -> None:
    first, _ = deployed
    changed = first.repository.copy(tmp_path / "project")
    good = (changed.path / "compose.yaml").read_text(encoding="utf-8")
    (changed.path / "compose.yaml").write_text("services: [", encoding="utf-8")
    changed.commit("Make a mistake in compose.yaml")

    ran = _again(first, "compose", repository=changed).run("staging")

    assert ran.outcome(START) == "failure", str(ran)
    assert ran.outcome(BACK) == "success", str(ran)
    assert (staging.place / "compose.yaml").read_text(encoding="utf-8") == good
    assert _served(staging.place) == f"{registry}/owner/project@{built.outputs['digest']}"


@pytest.mark.parametrize("key", ["schlüssel", "two\nlines"], ids=["letters", "lines"])
def test_key_that_cannot_be_one_is_told_in_a_sentence_that_does_not_show_it(
    service: Runner, key: str
) -> None:
    command = "python scripts/smoke.py http://127.0.0.1:9"

    told = run(command, service.repository.path, check=False, API_KEY=key)

    assert told.returncode == 1
    assert told.stdout.startswith("smoke: ")
    assert "API_KEY is no key" in told.stdout
    assert key.splitlines()[0] not in told.stdout


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


@pytest.fixture(scope="module")
def rolled_out(
    render: Callable[..., Path],
    runner: Callable[[Project], Runner],
    service: Runner,
    built: Ran,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Runner]:
    """Return what runs the jobs of a project with a cluster, in which its first version answers."""
    # The image is that of the service, wherever it runs; from the project come workflow and manifests.
    origin = _repository(render({"deployment": "kubernetes"}), tmp_path_factory.mktemp("origin"))
    key, line = api_key(service.repository, "smoke")
    deployed = replace(
        runner(origin), needs=_needs(built.outputs["digest"]), secrets={"SMOKE_KEY": key}
    )
    place = Path(deployed.variables["CLUSTER"])
    (place / "secrets/api-keys").mkdir(parents=True)
    (place / "secrets/api-keys/keys").write_text(f"{line}\n", encoding="utf-8")
    with cluster.emptied(place):
        ran = deployed.run("production")
        assert ran.status == "success", str(ran)
        assert '"prediction": "Adelie"' in ran.printed(SMOKE)
        yield deployed


def test_version_in_a_cluster_is_looked_into_as_the_runbooks_print(
    rolled_out: Runner, tools: Path
) -> None:
    origin, place = rolled_out.repository, Path(rolled_out.variables["CLUSTER"])
    here = rolled_out.variables | {"PATH": f"{tools}{os.pathsep}{machine.environment()['PATH']}"}
    looked = printed_commands(origin, "incident.md", "In the first five minutes")
    [of_store] = [line for line in looked.splitlines() if line.endswith(".serve.store")]
    assert "STORE_URL is none" in run(of_store, origin.path, check=False, **here).stdout

    seen = type_in(
        looked.replace(of_store, ""), origin.path, rolled_out.secrets["SMOKE_KEY"], **here
    )

    assert '"prediction": "Adelie"' in seen
    assert "model_refused 0.0" in seen
    store = "postgresql://served:a%20password@database.example.org:5432/served"
    (place / "secrets/store").mkdir()
    (place / "secrets/store/url").write_text(store, encoding="utf-8")
    alert = printed_commands(origin, "alerts.md", "PerformanceWorse").splitlines()[0]
    named, _, learn = alert.partition(" uv run ")
    assert learn.startswith("poe labelled ")
    assert type_in(f"{named} printenv STORE_URL", origin.path, **here).strip() == store


@pytest.mark.parametrize(("name", "line", "key", "step"), UNFIT, ids=UNFIT_NAMES)
def test_version_that_fails_in_a_cluster_gives_way_to_the_one_before(
    rolled_out: Runner,
    registry: str,
    signed: Callable[..., str],
    name: str,
    line: str,
    key: str,
    step: str,
) -> None:
    image = f"{registry}/owner/project@{rolled_out.needs['image']['outputs']['digest']}"
    secrets = {"SMOKE_KEY": key} if key else rolled_out.secrets
    bad = _again(rolled_out, name, needs=_needs(signed(image, line)), secrets=secrets)

    ran = bad.run("production")

    assert ran.outcome("Roll it out" if step == START else step) == "failure", str(ran)
    assert ran.outcome(BACK) == "success", str(ran)
    assert cluster.running_image(Path(rolled_out.variables["CLUSTER"])) == image


@pytest.fixture(scope="module")
def scored(batch: Project, runner: Callable[[Project], Runner]) -> tuple[Runner, str]:
    """Return what runs the jobs of a project that scores files, and the digest of its image."""
    scoring = runner(batch)
    made = scoring.run("image")
    assert made.status == "success", str(made)
    return scoring, made.outputs["digest"]


def test_file_scoring_is_tried_before_it_is_taken(
    scored: tuple[Runner, str], signed: Callable[..., str], registry: str
) -> None:
    scoring, first = scored
    image = f"{registry}/owner/project@{first}"
    broken = signed(image, "ENV MODEL_PATH=/no/model")

    ran = _again(scoring, "first", needs=_needs(first)).run("staging")
    assert ran.status == "success", str(ran)
    ran = _again(scoring, "broken", needs=_needs(broken)).run("staging")
    assert ran.outcome(SCORE) == "failure", str(ran)
    assert ran.outcome(TAKE) == "skipped"
    kept = (_place(scoring, "staging") / ".env").read_text(encoding="utf-8")
    assert kept.splitlines()[-1] == f"IMAGE={image}"
    made = [*scoring.folder.parent.glob(f"{scoring.folder.name}*/staging/temporary/scored/*")]
    assert made
    assert {path.stat().st_uid for path in made} == {os.getuid()}, "the runner can remove it"


def test_file_that_git_has_removed_does_not_stay_on_the_machine(
    scored: tuple[Runner, str], tmp_path: Path
) -> None:
    scoring, digest = scored
    place, theirs = _place(scoring, "production"), "compose.override.yaml"
    first = _again(scoring, "before", needs=_needs(digest)).run("production")
    assert first.status == "success", str(first)
    (place / theirs).write_text("services: {}\n", encoding="utf-8")
    changed = scoring.repository.copy(tmp_path / "project")
    (changed.path / "docs/updates.md").unlink()
    changed.commit("Remove a page")
    assert (place / "docs/updates.md").exists()

    ran = _again(scoring, "removed", repository=changed, needs=_needs(digest)).run("production")

    assert ran.status == "success", str(ran)
    assert not (place / "docs/updates.md").exists()
    assert (place / "docs/README.md").exists()
    assert (place / theirs).exists(), "what people put there is theirs"


def test_file_scoring_in_a_cluster_goes_back_whole_when_a_later_version_fails(
    runner: Callable[[Project], Runner],
    scored: tuple[Runner, str],
    registry: str,
    signed: Callable[..., str],
    render: Callable[..., Path],
    tmp_path: Path,
) -> None:
    origin = _repository(render({"serving": "batch", "deployment": "kubernetes"}), tmp_path)
    nightly, first = runner(origin), scored[1]
    place = Path(nightly.variables["CLUSTER"])
    ran = replace(nightly, needs=_needs(first)).run("staging")
    assert ran.status == "success", str(ran)
    before = cluster.remembered(place)["objects"]["CronJob"]

    settings = origin.path / "deploy/kubernetes/base/kustomization.yaml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(substituted(text, **{"/input/new.": "/input/newer."}), encoding="utf-8")
    origin.commit("Score other rows")
    broken = signed(f"{registry}/owner/project@{first}", "ENV MODEL_PATH=/no/model")
    ran = _again(nightly, "broken", needs=_needs(broken)).run("staging")

    assert ran.outcome("Score rows of its own making in a job of its own") == "failure", str(ran)
    assert ran.outcome(BACK) == "success", str(ran)
    assert cluster.remembered(place)["objects"]["CronJob"] == before


def test_old_images_of_the_project_alone_are_removed_from_the_machine(
    scored: tuple[Runner, str], tmp_path: Path
) -> None:
    scoring, first = scored
    of_the_project = "org.opencontainers.image.source=https://github.example/owner/project"
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY Dockerfile /\n", encoding="utf-8")
    made = {
        "old": f"--build-arg SOURCE_DATE_EPOCH=0 --label {of_the_project}",
        "new": f"--label {of_the_project}",
        "other": "--build-arg SOURCE_DATE_EPOCH=0 --label org.opencontainers.image.source=another",
    }
    names = {which: f"slipway-test-cd-{which}:{os.getpid()}" for which in made}
    for which, options in made.items():
        run(f"docker build --quiet --tag {names[which]} {options} .", tmp_path)

    ran = _again(scoring, "prune", needs=_needs(first)).run("staging")

    left = [
        which
        for which, name in names.items()
        if not run(f"docker image inspect {name}", tmp_path, check=False).returncode
    ]
    for name in names.values():
        run(f"docker image rm --force {name}", tmp_path, check=False)
    assert ran.status == "success", str(ran)
    assert left == ["new", "other"]


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
    return cluster.image_of(container)

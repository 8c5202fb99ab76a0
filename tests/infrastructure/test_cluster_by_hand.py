"""Who brings a version to a cluster by hand does so with the commands of the pages, and takes it back with them."""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from harness import cluster, machine
from harness.command import run
from harness.git import begin
from harness.project import Project
from harness.prometheus import substituted
from harness.runbooks import printed_blocks, type_in

PAGE = "../options/deployment-kubernetes.md"
HEADING = "Deployment: Kubernetes"
OVERLAY = "deploy/kubernetes/overlays/staging/kustomization.yaml"
IN_A_SENTENCE = re.compile(r"`(kubectl [^`\n]*[/=][^`\n]*)`")

pytestmark = [pytest.mark.xdist_group("images"), pytest.mark.usefixtures("engine")]


@dataclass(frozen=True)
class Person:
    """Somebody with a project, who types what its pages print, and whom a cluster obeys."""

    project: Project
    image: str
    place: Path
    programs: Path

    def type(self, commands: str) -> str:
        """Type commands in the project's folder."""
        own = {
            "PATH": f"{self.programs}{os.pathsep}{machine.environment()['PATH']}",
            "UV_PROJECT_ENVIRONMENT": str(self.project.environment),
            "UV_NO_SYNC": "1",
            "PYTHONPATH": str(self.project.path / "src"),
        }
        return type_in(commands, self.project.path, **own | cluster.variables(self.place))

    def name(self, tag: str) -> str:
        """Name the image under that tag in the overlay, and return it; it is another one for the engine."""
        run(f"docker tag {self.image} {self.image}:{tag}", self.project.path)
        overlay = self.project.path / OVERLAY
        text = overlay.read_text(encoding="utf-8")
        text = re.sub(r"newName: .*", f"newName: {self.image}", text)
        overlay.write_text(re.sub(r"newTag: .*", f'newTag: "{tag}"', text), encoding="utf-8")
        return f"{self.image}:{tag}"

    def in_a_hurry(self) -> str:
        """Return what rollback.md prints for who may reach the cluster, and here for its staging."""
        page = (self.project.path / "docs/runbooks/rollback.md").read_text(encoding="utf-8")
        lines = re.findall(r"^    (kubectl .*)$", page, re.MULTILINE)
        assert lines
        return "\n".join(lines).replace("-production", "-staging")


@pytest.fixture
def person(render: Callable[..., Path], tmp_path: Path) -> Iterator[Callable[[Project], Person]]:
    """Return a function that gives a person with the image of a project, and pages for Kubernetes."""
    image = f"slipway-test-by-hand-{os.getpid()}"
    programs, place = tmp_path / "programs", tmp_path / "cluster"
    programs.mkdir()
    place.mkdir()
    cluster.write_kubectl(programs)

    def made(served: Project, **answers: str) -> Person:
        run(f"docker build --quiet --network host --tag {image} .", served.path)
        path = render({"deployment": "kubernetes", **answers}, tmp_path / "project")
        begin(path)
        return Person(replace(served, path=path), image, place, programs)

    with cluster.emptied(place):
        yield made
    left = run(f"docker images --format {{{{.Repository}}}}:{{{{.Tag}}}} {image}", tmp_path).stdout
    for name in left.split():
        run(f"docker image rm --force {name}", tmp_path)


def test_version_is_brought_into_service_with_its_keys_and_taken_back(
    person: Callable[..., Person], project: Callable[..., Project]
) -> None:
    bringing = person(project("classification"))
    _, apply, keys = printed_blocks(bringing.project, PAGE, HEADING)

    first = bringing.name("0.1.0")
    bringing.type(keys)
    bringing.type(apply)
    assert cluster.running_image(bringing.place) == first
    hashes = (bringing.place / "secrets/api-keys/keys").read_text(encoding="utf-8")
    assert re.fullmatch(r"shop:[0-9a-f]{64}\n", hashes)

    second = bringing.name("0.1.1")
    bringing.type(apply)
    assert cluster.running_image(bringing.place) == second

    bringing.type(bringing.in_a_hurry())
    assert cluster.running_image(bringing.place) == first


def test_file_is_scored_in_a_trial_and_the_next_runs_take_the_image_that_is_named(
    person: Callable[..., Person], batch: Project
) -> None:
    bringing = person(batch, serving="batch")
    _, apply = printed_blocks(bringing.project, PAGE, HEADING)
    rows = bringing.place / "volumes/input"
    rows.mkdir(parents=True)
    rows.chmod(0o777)
    bringing.name("0.1.0")
    run(f"docker run --rm --volume {rows}:/made {bringing.image} example /made/new.parquet", rows)

    bringing.type(apply)

    scored = {path.name for path in (bringing.place / "volumes/output").iterdir()}
    assert {"predictions.parquet", "predictions.parquet.manifest.json"} <= scored
    command = substituted(bringing.in_a_hurry(), **{"IMAGE@DIGEST": "an-image@sha256:1"})
    bringing.type(command)
    [kept] = cluster.remembered(bringing.place)["objects"]["CronJob"]["spec"]["jobTemplate"][
        "spec"
    ]["template"]["spec"]["containers"]
    assert kept["image"] == "an-image@sha256:1"


@pytest.mark.parametrize("serving", ["api", "batch"])
def test_kubectl_understands_every_command_of_it_that_a_page_prints(
    render: Callable[..., Path], serving: str
) -> None:
    kubectl = machine.require("kubectl", "it has to understand them")
    path = render({"deployment": "kubernetes", "serving": serving})
    (path / "api-keys.txt").write_text("shop:abc\n", encoding="utf-8")
    machine.require("openssl", "it makes the certificate that a page names")
    run(
        "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=example -keyout key.pem -out certificate.pem",
        path,
    )
    printed = [
        command
        for page in (path / "docs").rglob("*.md")
        for command in _of_kubectl(page.read_text(encoding="utf-8"))
    ]

    assert len(printed) > (15 if serving == "api" else 5)
    for command in printed:
        # Where nobody answers, it comes as far as it can: to the connection.
        asked = re.sub(r"^kubectl ", f"{kubectl} --server=http://127.0.0.1:9 ", command)
        told = run(asked, path, check=False, KUBECONFIG=os.devnull)
        done = told.returncode == 0 and ("kustomize" in command or "--dry-run=client" in command)
        assert done or "127.0.0.1:9" in told.stdout, f"{command}: {told.stdout}"


def _of_kubectl(page: str) -> Iterator[str]:
    """Yield the commands of kubectl in a page: alone on a line, in a sentence, or within another command."""
    text = page.replace("\\\n", " ")
    for line in re.findall(r"^ *(kubectl .*)$", text, re.MULTILINE):
        for part in line.removesuffix(" &").split(" | "):
            if part.strip().startswith("kubectl") and not part.rstrip().endswith("-f -"):
                yield part
    yield from re.findall(r"\$\((kubectl .*?) \|", text)
    yield from IN_A_SENTENCE.findall(text)

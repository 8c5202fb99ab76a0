"""The daily jobs of a cluster, run in their image as their pods say: they watch a store in PostgreSQL, and save it."""

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
import yaml
from harness import machine
from harness.client import Client
from harness.command import run
from harness.databases import Cluster, cluster
from harness.project import Project
from harness.prometheus import substituted
from harness.runbooks import printed_blocks
from harness.servers import free_port
from harness.service import serving
from harness.waiting import until

ALARM = 3
"""The exit code of one."""
ROWS = """
import json
import polars as pl
rows = pl.read_parquet("data/test.parquet").drop("species")
heavier = rows.with_columns((pl.col("body_mass_g") + 1800).clip(upper_bound=7200))
dates = pl.selectors.temporal().dt.to_string("iso:strict")
print(json.dumps([one.with_columns(dates).to_dicts() for one in (rows, heavier)]))
"""
"""Prints the rows that the model was tested on, and others."""
TABLES = ("predictions", "feedback", "monitoring")
WHOLE = "SELECT count(*), md5(string_agg(t::text, '\n' ORDER BY t::text)) FROM {} t"

pytestmark = pytest.mark.xdist_group("images")


@dataclass
class Jobs:
    """The CronJobs of an overlay, and the engine that runs their pods in place of a cluster."""

    project: Project
    image: str
    pods: dict[str, dict[str, Any]]
    volumes: Path
    secrets: dict[str, str] = field(default_factory=dict)

    def run(self, name: str, pod: dict[str, Any] | None = None) -> subprocess.CompletedProcess[str]:
        """Run the pod of a job with its user, rights, limits, settings and volumes."""
        pod = pod or self.pods[name]
        [container] = pod["containers"]
        user, limits = pod["securityContext"], container["resources"]["limits"]
        given = {one["name"]: self._value(one) for one in container["env"]}
        arguments = [
            re.sub(r"\$\((\w+)\)", lambda of: given[of[1]], one) for one in container["args"]
        ]
        command, *before = container["command"]
        return run(
            shlex.join(
                [
                    *("docker", "run", "--rm", "--network=host", "--read-only", "--cap-drop=ALL"),
                    *(
                        "--security-opt=no-new-privileges",
                        f"--memory={limits['memory'].lower()[:-1]}",
                    ),
                    *(
                        f"--user={user['runAsUser']}:{user['runAsGroup']}",
                        f"--entrypoint={command}",
                    ),
                    *(f"--env={key}" for key in given),
                    *self._mounts(pod, container),
                    *(self.image, *before, *arguments),
                ]
            ),
            self.project.path,
            check=False,
            **given,
        )

    def _value(self, variable: Mapping[str, Any]) -> str:
        """Return what a variable is set to: there, or in a Secret."""
        if "value" in variable:
            return str(variable["value"])
        return self.secrets[variable["valueFrom"]["secretKeyRef"]["name"]]

    def _mounts(self, pod: dict[str, Any], container: dict[str, Any]) -> Iterator[str]:
        """Mount a folder for each volume: an empty one, or that of a claim, which outlives the pod."""
        volumes = {one["name"]: one for one in pod["volumes"]}
        for mount in container["volumeMounts"]:
            volume = volumes[mount["name"]]
            folder = (
                self.claim(volume) if "emptyDir" not in volume else Path(mkdtemp(dir=self.volumes))
            )
            folder.chmod(0o777)
            yield f"--volume={folder}:{mount['mountPath']}"

    def claim(self, volume: Mapping[str, Any]) -> Path:
        """Return the folder of a claim."""
        folder = self.volumes / volume["persistentVolumeClaim"]["claimName"]
        folder.mkdir(exist_ok=True)
        return folder

    def copies(self) -> list[Path]:
        """Return what the backup has left in its claim."""
        [volume] = self.pods["backup"]["volumes"]
        return sorted(self.claim(volume).iterdir())


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    machine.require("pg_dump", "PostgreSQL is needed")
    with cluster() as made, made.running(tmp_path_factory.mktemp("database") / "log"):
        yield made


@pytest.fixture(scope="module")
def made(
    engine: None,
    project: Callable[..., Project],
    render: Callable[..., Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[str], Jobs]]:
    """Return a function that gives the project of a task, with its model and its jobs' image.

    Its pages, manifests and dependencies are those for Kubernetes, and its production takes both jobs in.
    """
    images = []

    def make(task: str) -> Jobs:
        place = tmp_path_factory.mktemp("jobs")
        served = project(task).copy(place / "project")
        rendered = render(
            {"task": task, "project_name": "Penguin Species", "deployment": "kubernetes"}
        )
        for name in ("deploy", "docs"):
            shutil.rmtree(served.path / name)
            shutil.copytree(rendered / name, served.path / name)
        shutil.copyfile(rendered / "pyproject.toml", served.path / "pyproject.toml")
        run("uv lock --quiet", served.path)
        # As pipelines run under some masks: nobody else may read what they leave.
        run("chmod -R go= conf data models reports", served.path)
        images.append(f"slipway-test-jobs-{task}:{os.getpid()}")
        _build(served, images[-1])
        return Jobs(served, images[-1], _pods(served), place)

    yield make
    for image in images:
        run(f"docker image rm --force {image}", machine.ROOT)


def _build(project: Project, image: str) -> None:
    """Build the image by the command that the page prints, under another name."""
    page = "../options/deployment-kubernetes.md"
    build, _ = printed_blocks(project, page, "Daily jobs")[0].splitlines()
    [named] = re.findall(r"-t (\S+)", build)
    quietly = "docker build --quiet --network host"
    run(substituted(build, **{named: image, "docker build": quietly}), project.path)


def _pods(project: Project) -> dict[str, dict[str, Any]]:
    """Return the pods of the jobs, by name."""
    folder = project.path / "deploy/kubernetes/overlays/production"
    file = folder / "kustomization.yaml"
    jobs = "components: [../../components/monitor, ../../components/backup]"
    text = substituted(file.read_text(encoding="utf-8"), **{"components: []": jobs})
    file.write_text(text, encoding="utf-8")
    kubectl = machine.require("kubectl", "Kustomize is inside it")
    return {
        one["metadata"]["name"]: one["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        for one in yaml.safe_load_all(run(f"{kubectl} kustomize .", folder).stdout)
        if one["kind"] == "CronJob"
    }


@pytest.fixture(scope="module")
def jobs(made: Callable[[str], Jobs]) -> Jobs:
    return made("classification")


@contextmanager
def _asked(jobs: Jobs, store: str, log: Path) -> Iterator[Client]:
    with serving(jobs.project, port := free_port(), log, STORE_URL=store, STORE_SECONDS="0.2"):
        yield Client(port)


def test_monitor_finds_drift_in_the_store_and_prometheus_hears_of_it(
    jobs: Jobs, database: Cluster, tmp_path: Path
) -> None:
    jobs.secrets["store"] = database.address
    as_ever, heavier = json.loads(
        run(
            shlex.join([f"{jobs.project.environment}/bin/python", "-c", ROWS]), jobs.project.path
        ).stdout
    )

    with _asked(jobs, database.address, tmp_path / "log") as service:
        ids = [one["id"] for _ in range(3) for one in _predicted(service, {"rows": as_ever})]
        service.post("/feedback", {"outcomes": [{"id": ids[0], "outcome": "Adelie"}]})
        until(lambda: _count(database, "feedback") == 1, "the outcome in the store")
        calm = jobs.run("monitor")
        assert calm.returncode == 0, calm.stdout

        ids += [one["id"] for _ in range(3) for one in _predicted(service, {"rows": heavier})]
        until(lambda: _count(database, "predictions") == len(ids), "the predictions in the store")
        alarmed = jobs.run("monitor")
        assert alarmed.returncode == ALARM, alarmed.stdout
        service.wait_for("monitor_drifted", 1)

    assert f"{len(as_ever) * 3:,} predictions since" in calm.stdout
    assert "body_mass_g" in alarmed.stdout
    assert "trained on other rows" not in calm.stdout + alarmed.stdout
    [failing] = yaml.safe_load_all(
        (jobs.project.path / "deploy/kubernetes/components/monitor/cronjob.yaml").read_text("utf-8")
    )
    [rule] = failing["spec"]["jobTemplate"]["spec"]["podFailurePolicy"]["rules"]
    assert rule["onExitCodes"]["values"] == [ALARM], "an alarm is not tried again"


def test_monitor_has_what_it_needs_to_measure_forecasts(
    made: Callable[[str], Jobs], database: Cluster, tmp_path: Path
) -> None:
    _ask(database.address, "CREATE DATABASE forecasts")
    store = f"{database.address.rpartition('/')[0]}/forecasts"
    forecasting = made("forecasting")
    forecasting.secrets["store"] = store
    with _asked(forecasting, store, tmp_path / "log") as service:
        for _ in range(10):
            asked = _predicted(service, service.example("/predict"))
            told = [{"id": one["id"], "outcome": one["prediction"] + 1} for one in asked]
            service.post("/feedback", {"outcomes": told})

    looked = forecasting.run("monitor")

    assert looked.returncode in (0, ALARM), looked.stdout
    assert (
        f"{10 * len(told)} of {10 * len(told)} predictions have an outcome, mase " in looked.stdout
    )


def test_store_comes_back_from_what_the_backup_kept_when_a_later_one_failed(
    jobs: Jobs, database: Cluster, tmp_path: Path
) -> None:
    _ask(database.address, "CREATE DATABASE used")
    _ask(database.address, "CREATE DATABASE empty")
    used, empty = (f"{database.address.rpartition('/')[0]}/{name}" for name in ("used", "empty"))
    with _asked(jobs, used, tmp_path / "log") as service:
        asked = _predicted(service, service.example("/predict"))
        told = [{"id": one["id"], "outcome": "Adelie"} for one in asked]
        service.post("/feedback", {"outcomes": told})
    jobs.secrets.update(store=used, restored=empty)
    jobs.run("monitor")

    saved = jobs.run("backup")
    assert saved.returncode == 0, saved.stdout
    [copy] = jobs.copies()
    assert saved.stdout.splitlines()[-1] == f"copies: {copy.name}"
    jobs.secrets["store"] = used.replace(f":{database.port}/", f":{free_port()}/")
    failed = jobs.run("backup")
    assert failed.returncode == 1
    assert "pg_dump failed" in failed.stdout
    assert jobs.copies() == [copy]
    assert "se/cret" not in saved.stdout + failed.stdout

    restored = jobs.run("backup", _patched(jobs, copy.name))

    assert restored.returncode == 0, restored.stdout
    for table in TABLES:
        before, after = (_ask(at, WHOLE.format(table)) for at in (used, empty))
        assert before == after
        assert int(before.partition("|")[0]) > 0, table


def _patched(jobs: Jobs, day: str) -> dict[str, Any]:
    """Return the pod of the backup as the runbook's own command makes one of it that restores."""
    block, _ = printed_blocks(jobs.project, "restore.md", "Into the cluster")
    _, *made, _ = block.replace("\\\n", "").partition("kubectl apply")[0].split(" | ")
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "restore"},
        "spec": {"template": {"spec": jobs.pods["backup"]}},
    }
    patched = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", substituted(" | ".join(made), DAY=day)],
        cwd=jobs.project.path,
        input=json.dumps(job),
        env=machine.environment(KUBECONFIG=os.devnull),
        capture_output=True,
        text=True,
        check=True,
    )
    pod: dict[str, Any] = yaml.safe_load(patched.stdout)["spec"]["template"]["spec"]
    return pod


def _predicted(service: Client, body: dict[str, Any]) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = service.post("/predict", body)["predictions"]
    return entries


def _count(database: Cluster, table: str) -> int:
    return int(_ask(database.address, f"SELECT count(*) FROM {table}"))


def _ask(address: str, statement: str) -> str:
    """Have PostgreSQL do something, and return what it says."""
    return run(
        shlex.join(["psql", address, "--quiet", "--no-align", "--tuples-only", "-c", statement]),
        machine.ROOT,
    ).stdout.strip()

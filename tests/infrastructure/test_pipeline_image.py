"""The containers of the compiled pipeline run one after another, as a cluster would start them."""

import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from harness.command import run
from harness.edits import configure, demand_the_impossible, move_last_rows
from harness.project import Project
from harness.storages import SERVERS, Storage
from harness.variants import KUBEFLOW, STAGES

TABLE = "data/raw/penguins.csv"

pytestmark = pytest.mark.xdist_group("images")


@dataclass(frozen=True)
class Cluster:
    """What starts the steps of a compiled pipeline: the engine in place of Kubernetes."""

    project: Project
    image: str
    storage: Storage
    artifacts: Path

    def start(self, stage: str) -> subprocess.CompletedProcess[str]:
        """Run the container of a step, with its placeholders filled in as Kubeflow does."""
        file = self.project.path / "orchestration/kubeflow/pipeline.yaml"
        compiled, _ = yaml.safe_load_all(file.read_text(encoding="utf-8"))
        container = compiled["deploymentSpec"]["executors"][f"exec-{stage}"]["container"]
        before = compiled["root"]["dag"]["tasks"][stage].get("dependentTasks", [""])[0]
        places = {
            "{{$.outputs.artifacts['after'].path}}": f"/artifacts/{stage}/after",
            "{{$.inputs.artifacts['before'].path}}": f"/artifacts/{before}/after",
        }
        arguments = [places.get(part, part) for part in container["command"] + container["args"]]
        return self.docker(f"{container['image']} {shlex.join(arguments)}")

    def docker(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in a container that may do nothing special."""
        credentials = " ".join(f"--env {name}" for name in self.storage.credentials)
        return run(
            "docker run --rm --network host --cap-drop ALL --security-opt no-new-privileges "
            f"--volume {self.artifacts}:/artifacts {credentials} {command}",
            self.project.path,
            check=False,
            **self.storage.credentials,
        )


@pytest.fixture(scope="module")
def cluster(
    engine: None, project: Callable[..., Project], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cluster]:
    """The image of a project that was never run, a storage, and a folder for artifacts."""
    place = tmp_path_factory.mktemp("cluster")
    fresh = project("classification", **KUBEFLOW).copy(place / "project")
    image = f"slipway-test-pipeline:{os.getpid()}"
    (place / "artifacts").mkdir(mode=0o777)
    (place / "artifacts").chmod(0o777)
    fresh.run("git rm --quiet -r dvc.lock params.yaml reports MODEL_CARD.md")
    in_git, by_dvc = (fresh.path / "data/labelled" / name for name in ("a.csv", "b.csv"))
    move_last_rows(fresh.path / TABLE, by_dvc, 50)
    move_last_rows(fresh.path / TABLE, in_git, 50)
    configure(fresh, "data/file.yaml", more="data/labelled/*.csv")
    with SERVERS["s3"](place) as storage:
        fresh.run(f"uv run dvc remote modify storage url {storage.address}")
        for name, value in storage.settings.items():
            fresh.run(f"uv run dvc remote modify storage {name} {value}")
        fresh.run("uv run dvc add --quiet data/labelled/b.csv")
        fresh.run("uv run dvc push data/labelled/b.csv.dvc", **storage.credentials)
        by_dvc.unlink()
        fresh.run(
            f"docker build --quiet --network host --tag {image} "
            "--file orchestration/kubeflow/Dockerfile ."
        )
        fresh.run(f"uv run poe compile-pipeline --image {image}")
        yield Cluster(fresh, image, storage, place / "artifacts")
        run(f"docker image rm --force {image}", place)


def test_image_holds_what_a_stage_needs_and_no_root(cluster: Cluster) -> None:
    listed = cluster.docker(f"{cluster.image} sh -c 'id -u; find . -path ./src -prune -o -print'")

    user, *files = listed.stdout.split()
    made = {".git", ".venv", ".dvc/cache", ".dvc/config.local", "data/train.parquet", "models"}
    assert user == "10001"
    assert {"./dvc.yaml", "./data/raw/penguins.csv", "./conf/config.yaml"} <= set(files)
    assert {file for file in files if "labelled/" in file} >= {
        "./data/labelled/a.csv",
        "./data/labelled/b.csv.dvc",
    }
    assert made.isdisjoint(file.removeprefix("./") for file in files)


def test_steps_share_a_model_through_the_storage_alone(cluster: Cluster, tmp_path: Path) -> None:
    for stage in STAGES:
        ran = cluster.start(stage)
        assert ran.returncode == 0, f"{stage}: {ran.stdout}"

    left = cluster.artifacts / "gate/after"
    assert json.loads((left / "reports/evaluation.json").read_text(encoding="utf-8"))["skill"] > 0.2
    trained_on = json.loads((left / "reports/data.json").read_text(encoding="utf-8"))["rows"]
    in_raw = (cluster.project.path / TABLE).read_text(encoding="utf-8").splitlines()[1:]
    assert trained_on == len(in_raw) + 100
    clone = cluster.project.copy(tmp_path / "clone")
    shutil.rmtree(clone.path / ".dvc/cache")
    shutil.rmtree(clone.path / "models")
    shutil.copytree(left, clone.path, dirs_exist_ok=True)
    clone.run("uv run dvc pull", **cluster.storage.credentials)
    assert (clone.path / "models/model.onnx").is_file()

    # The objectives travel with the settings of the run: what they demand decides.
    demand_the_impossible(cluster.artifacts / "document/after/params.yaml")
    missed = cluster.start("gate")
    assert missed.returncode != 0
    assert "better_than_baseline" in missed.stdout

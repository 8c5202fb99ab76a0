"""The image that scores files: the workflow proves it, and it runs with two mounted folders and nothing else."""

import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from harness.command import run
from harness.project import Project
from harness.workflow import Ran, Runner, Workflow

ABSENT = ("fastapi", "uvicorn", "sklearn", "dvc", "skops", "pytest")

# Its image has the name of the one that test_workflow.py builds.
pytestmark = pytest.mark.xdist_group("pipeline and image")


@dataclass(frozen=True)
class Image:
    """What the workflow built, and what became of its job."""

    name: str
    project: Project
    job: Ran

    def start(self, arguments: str, options: str) -> str:
        """Run a container to its end and return what it printed."""
        return run(f"docker run --rm {options} {self.name} {arguments}", self.project.path).stdout


@pytest.fixture(scope="module")
def image(
    engine: None,
    batch: Project,
    reader: Path,
    programs: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Image]:
    folder = tmp_path_factory.mktemp("runner")
    (folder / "artifacts/model").mkdir(parents=True)
    shutil.copy2(batch.path / "models/model.onnx", folder / "artifacts/model")
    workflow = Workflow(reader, batch.path / ".github/workflows/ci.yml")
    job = Runner(workflow, batch, "", folder, programs).run("image")
    workflow.close()
    assert job.status == "success", str(job)
    name = batch.package.replace("_", "-")
    yield Image(name, batch, job)
    run(f"docker image rm --force {name}", batch.path)


def test_workflow_scores_rows_with_the_image(image: Image) -> None:
    [scored] = [step for step in image.job.steps if step.name.startswith("Score")]

    assert "1 predictions from 1 rows" in scored.output


def test_mounted_files_are_scored_without_root_and_without_anything_to_write_to(
    image: Image, tmp_path: Path
) -> None:
    (tmp_path / "output").mkdir()
    (tmp_path / "output").chmod(0o777)
    mounts = f"--volume {image.project.path}/data/raw:/input:ro --volume {tmp_path}/output:/output"
    alone = "--read-only --network none --cap-drop ALL --security-opt no-new-privileges"

    image.start("score /input/penguins.csv /output/predictions.csv", f"{alone} {mounts}")

    written = tmp_path / "output/predictions.csv"
    manifest = json.loads((tmp_path / "output/predictions.csv.manifest.json").read_text("utf-8"))
    assert len(written.read_text(encoding="utf-8").splitlines()) == 345
    assert manifest["code"] == run("git rev-parse HEAD", image.project.path).stdout.strip()
    assert written.stat().st_uid == 10001


def test_image_holds_neither_a_service_nor_the_training_side(image: Image) -> None:
    code = f"import importlib.util as u; print([name for name in {ABSENT} if u.find_spec(name)])"

    found = image.start(f'-c "{code}"', "--network none --entrypoint python")

    assert found.strip() == "[]"


def test_container_stops_at_once_when_asked_and_keeps_what_is_done(
    image: Image, tmp_path: Path
) -> None:
    (tmp_path / "output").mkdir()
    (tmp_path / "output").chmod(0o777)
    raw = (image.project.path / "data/raw/penguins.csv").read_text(encoding="utf-8").splitlines()
    many = tmp_path / "rows.csv"
    many.write_text("\n".join([raw[0], *raw[1:] * 1000]), encoding="utf-8")
    container = run(
        f"docker run --detach --network none --volume {many}:/rows.csv:ro --volume {tmp_path}/output:/output "
        f"{image.name} score /rows.csv /output/predictions.parquet --rows-at-once 1000",
        tmp_path,
    ).stdout.strip()
    parts = tmp_path / "output/.predictions.parquet.parts"
    try:
        deadline = time.monotonic() + 60
        while not (parts / "000002.json").exists():
            assert time.monotonic() < deadline, run(f"docker logs {container}", tmp_path).stdout
            time.sleep(0.05)
        before = time.monotonic()

        run(f"docker stop --time 30 {container}", tmp_path)

        state = run(f"docker inspect --format {{{{.State.ExitCode}}}} {container}", tmp_path).stdout
        assert time.monotonic() - before < 15
        assert state.strip() == "130"
        assert "goes on where it was" in run(f"docker logs {container}", tmp_path).stdout
        assert [path.name for path in (tmp_path / "output").iterdir()] == [parts.name]
    finally:
        run(f"docker rm --force {container}", tmp_path)

"""Each framework's own model is trained, exported and tuned, not only compared."""

import json
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from harness.edits import configure
from harness.project import Project
from harness.variants import OPTIONS, TASKS

CANDIDATES = {"lightgbm": "lightgbm", "pytorch": "network"}
"""The file in conf/model/ that a framework brings."""

KILLED = """
import os, signal
from penguin_species.__main__ import main
from penguin_species.model.network_training import Training

save = Training.save

def killed(training, path):
    save(training, path)
    # Two folds come before it: the third to leave a file is the fit to all rows.
    if len(list(path.parent.glob("*.pt"))) == 3 and len(training.losses) == 10:
        os.kill(os.getpid(), signal.SIGKILL)

Training.save = killed
main(["train", "model=network", "folds=2", "compute=local"])
"""

WEIGHTS = """
import json, onnx
from onnx.numpy_helper import to_array
tensors = onnx.load("models/model.onnx").graph.initializer
arrays = [to_array(one).ravel() for one in tensors if one.data_type == onnx.TensorProto.FLOAT]
print(json.dumps([float(value) for values in arrays for value in values]))
"""


@pytest.fixture(scope="module", params=TASKS)
def task(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("framework", CANDIDATES)
def test_its_model_alone_passes_the_gate_and_is_exported_as_it_was_fitted(
    project: Callable[..., Project], task: str, framework: str, tmp_path: Path
) -> None:
    own = project(task, framework=framework).copy(tmp_path / "project")
    configure(own, "config.yaml", model=CANDIDATES[framework])

    told = own.run("uv run poe pipeline").stdout

    training = json.loads((own.path / "reports/training.json").read_text(encoding="utf-8"))
    assert training["chosen"] == CANDIDATES[framework], told
    assert training["agreement"]["rows"] > 80
    assert training["agreement"]["largest_difference"] <= training["agreement"]["tolerance"]
    assert "FAIL" not in own.run("uv run poe summary").stdout


@pytest.mark.parametrize("framework", CANDIDATES)
def test_its_tuned_model_is_trained_and_exported(
    project: Callable[..., Project], framework: str, tmp_path: Path
) -> None:
    own = project("regression", framework=framework).copy(tmp_path / "project")

    own.run(f"uv run poe tune --model {CANDIDATES[framework]} --trials 2 folds=2")
    own.run(f"uv run python -m {own.package} train model=tuned folds=2")

    training = json.loads((own.path / "reports/training.json").read_text(encoding="utf-8"))
    assert [candidate["name"] for candidate in training["candidates"]] == [CANDIDATES[framework]]


def test_network_whose_last_training_was_killed_ends_as_one_that_was_not(
    project: Callable[..., Project], tmp_path: Path
) -> None:
    made = project("classification", framework="pytorch")
    killed, straight = (made.copy(tmp_path / name) for name in ("killed", "straight"))
    shutil.rmtree(killed.path / "models/checkpoints")
    train = "uv run python -m penguin_species train model=network folds=2 compute=local"

    died = killed.run(shlex.join(["uv", "run", "python", "-c", KILLED]), check=False)
    told = killed.run(train).stdout
    straight.run(f"{train} model.candidates.network._args_.1.checkpoint=null")

    resumed = [int(line.split()[0]) for line in told.splitlines() if "were done before" in line]
    assert died.returncode != 0, died.stdout
    assert len(resumed) == 3
    assert resumed[2] == 10
    # Threads add in any order, so that the last digits of two trainings may differ.
    assert _weights(killed) == pytest.approx(_weights(straight), abs=0.01)


def _weights(project: Project) -> list[float]:
    told = project.run(shlex.join(["uv", "run", "python", "-c", WEIGHTS])).stdout
    weights: list[float] = json.loads(told.splitlines()[-1])
    assert len(weights) > 100
    return weights


def test_threads_that_wait_leave_the_cores_to_others(
    project: Callable[..., Project], tmp_path: Path
) -> None:
    own = project("classification").copy(tmp_path / "project")

    # OpenMP then writes how it is set.
    told = own.run(
        f"uv run python -m {own.package} train model=logistic folds=2", OMP_DISPLAY_ENV="verbose"
    ).stdout

    assert "GOMP_SPINCOUNT = '0'" in told


def test_every_framework_but_the_default_is_tried_here() -> None:
    assert [*CANDIDATES] == OPTIONS["framework"][1:]

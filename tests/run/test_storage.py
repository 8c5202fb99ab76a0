"""Data and models travel through each storage, to a server that speaks its protocol."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from harness.command import run
from harness.project import Project
from harness.storages import SERVERS, reach

MADE = ["data/train.parquet", "data/test.parquet", "models/model.onnx", "models/model.skops"]


@pytest.mark.parametrize("storage", SERVERS)
def test_fresh_clone_gets_data_and_models_back(
    project: Callable[..., Project], tmp_path: Path, storage: str
) -> None:
    pushed = project("classification", storage=storage).copy(tmp_path / "project")
    with SERVERS[storage](tmp_path) as place:
        reach(pushed, place, first=True)
        pushed.commit("Name our storage")
        pushed.run("uv run dvc push", **place.credentials)

        run(f"git clone --quiet {pushed.path} {tmp_path / 'clone'}", tmp_path)
        clone = replace(pushed, path=tmp_path / "clone")
        assert not any((clone.path / name).exists() for name in MADE)
        reach(clone, place)
        clone.run("uv run dvc pull", **place.credentials)

    assert _contents(clone) == _contents(pushed)
    assert "done in" not in clone.run("uv run poe pipeline").stdout.replace("configure", "")
    assert clone.run("git status --porcelain").stdout == ""


@pytest.mark.parametrize("storage", [name for name in SERVERS if name != "local"])
def test_address_that_was_never_filled_in_is_told_as_such(
    project: Callable[..., Project], storage: str
) -> None:
    settings = (project("classification", storage=storage).path / ".dvc/config").read_text()

    assert "# Put the address of yours here" in settings
    assert "://your-" in settings


def _contents(project: Project) -> dict[str, str]:
    return {name: hashlib.sha256((project.path / name).read_bytes()).hexdigest() for name in MADE}

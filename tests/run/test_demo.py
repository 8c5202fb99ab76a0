"""The README's first command, in a fresh clone."""

import shutil
from pathlib import Path

import pytest
from harness.command import run
from harness.git import begin, commit


@pytest.fixture
def clone(template: Path, tmp_path: Path) -> Path:
    """A repository that holds the work tree, as a clone of it would."""
    folder = tmp_path / "slipway"
    shutil.copytree(template, folder)
    begin(folder)
    commit(folder)
    return folder


def test_demo_goes_from_nothing_to_metrics_and_a_model_card(clone: Path) -> None:
    told = run("make demo", clone).stdout

    assert "PASS" in told
    assert "FAIL" not in told
    assert "MODEL_CARD.md" in told
    assert (clone / "demo/MODEL_CARD.md").is_file()
    assert run("git status --porcelain", clone / "demo").stdout == ""
    committed = set(run("git ls-files", clone / "demo").stdout.split())
    assert {"MODEL_CARD.md", "dvc.lock", "params.yaml", "uv.lock"} <= committed

    (clone / "demo/notes.txt").write_text("mine", encoding="utf-8")
    again = run("make demo", clone).stdout
    assert "is there from an earlier run" in again
    assert "train done" not in again  # nothing changed, so nothing is trained again
    assert run("git status --porcelain", clone / "demo").stdout == "?? notes.txt\n"


def test_demo_leaves_a_folder_alone_that_it_did_not_make(clone: Path) -> None:
    (clone / "mine").mkdir()
    (clone / "mine/thesis.txt").write_text("years of work", encoding="utf-8")

    refused = run("make demo DEMO=mine", clone, check=False)

    assert refused.returncode != 0
    assert "holds files that no demo made" in refused.stdout
    assert [path.name for path in (clone / "mine").iterdir()] == ["thesis.txt"]

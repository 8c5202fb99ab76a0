"""The workflows, the Dockerfile and our own Python pass the linters of their kind."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from harness import machine
from harness.project import run
from harness.variants import PYTHONS, SWITCHES

USES = re.compile(r"^\s*(?:- )?uses: (?P<action>.+)$", re.MULTILINE)
LINTERS = {
    "zizmor": "zizmor --offline --no-progress --pedantic",
    "actionlint": "actionlint",
    "schema": "check-jsonschema --builtin-schema vendor.github-workflows",
}
ANSWERS = {version: {"python_version": version} for version in PYTHONS} | SWITCHES
READING = {"contents": "read"}
# The jobs that may do more than read, and what for.
MORE_THAN_READING = {
    ("retrain.yml", "tell"): {"issues": "write"},
    ("template-update.yml", "update"): {"contents": "write", "pull-requests": "write"},
}


@pytest.fixture(scope="module", params=ANSWERS)
def generated(request: pytest.FixtureRequest, render: Callable[..., Path]) -> Path:
    """The project for each answer that workflows and images may depend on."""
    return render(ANSWERS[request.param])


@pytest.mark.parametrize("linter", LINTERS)
def test_workflows_pass(generated: Path, linter: str) -> None:
    program, _, options = LINTERS[linter].partition(" ")
    files = " ".join(map(str, _workflows(generated)))

    run(f"{machine.tool(program)} {options} {files}", generated)


def test_dockerfiles_pass(generated: Path) -> None:
    files = " ".join(map(str, generated.rglob("Dockerfile")))

    run(f"{machine.tool('hadolint')} {files}", generated)


def test_every_action_is_pinned_to_a_commit_that_was_looked_up(generated: Path) -> None:
    pins = Path(__file__).with_name("pins.txt").read_text(encoding="utf-8").splitlines()
    used = {
        action
        for workflow in _workflows(generated)
        for action in USES.findall(workflow.read_text(encoding="utf-8"))
    }

    assert used
    assert used <= set(pins)


def test_every_job_has_a_time_limit_and_no_rights_that_it_does_not_need(generated: Path) -> None:
    for workflow in _workflows(generated):
        loaded = yaml.safe_load(workflow.read_text(encoding="utf-8"))
        assert loaded["permissions"] == READING
        for name, job in loaded["jobs"].items():
            allowed = MORE_THAN_READING.get((workflow.name, name), READING)
            assert job.get("permissions", READING) == allowed, name
            assert job["timeout-minutes"] <= 60, name


def test_workflow_tests_each_python_from_the_oldest_on(generated: Path) -> None:
    loaded = yaml.safe_load((generated / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    oldest = loaded["env"]["UV_PYTHON"]

    tested = loaded["jobs"]["test"]["strategy"]["matrix"]["python"]

    assert tested == list(PYTHONS[PYTHONS.index(oldest) :])


def test_dockerfiles_need_no_frontend_image(generated: Path) -> None:
    # BuildKit fetches what a `# syntax=` line names, from a registry that may be out of reach.
    for file in generated.rglob("Dockerfile"):
        assert "syntax=" not in file.read_text(encoding="utf-8")


@pytest.mark.parametrize("command", ["format --check", "check"])
def test_our_own_python_passes(command: str) -> None:
    run(f"{machine.tool('ruff')} {command}", machine.ROOT)


def _workflows(generated: Path) -> list[Path]:
    found = sorted((generated / ".github/workflows").glob("*.yml"))
    assert found
    return found

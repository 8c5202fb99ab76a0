"""The workflows, the Dockerfile and our own Python pass the linters of their kind."""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
import yaml
from harness import machine
from harness.command import run
from harness.variants import PYTHONS, SWITCHES

USES = re.compile(r"^\s*(?:- )?uses: (?P<action>.+)$", re.MULTILINE)
SECRET = re.compile(r"\bsecrets\.(\w+)")
# What no identity of a run can take the place of: addresses of databases with their passwords, the login to a server of
# MLflow, a key of the service itself, and leave to change the workflows.
KEPT = {
    "DATABASE_URL",
    "MLFLOW_TRACKING_PASSWORD",
    "MLFLOW_TRACKING_TOKEN",
    "MLFLOW_TRACKING_URI",
    "MLFLOW_TRACKING_USERNAME",
    "SMOKE_KEY",
    "STORE_URL",
    "TEMPLATE_TOKEN",
}
LINTERS = {
    "zizmor": "zizmor --offline --no-progress --pedantic",
    "actionlint": "actionlint",
    "schema": "check-jsonschema --builtin-schema vendor.github-workflows",
}
ANSWERS = {version: {"python_version": version} for version in PYTHONS} | SWITCHES
READING = {"contents": "read"}
LOGINS = ("configure-aws-credentials", "google-github-actions/auth", "Azure/login")
OURS = "this repository"
LOGGING_IN = {**READING, "id-token": "write"}
DEPLOYING = {**READING, "packages": "read"}
# The jobs that may do more than read, and what: where there are several, it depends on the answers.
MORE_THAN_READING: dict[tuple[str, str], list[dict[str, str]]] = {
    ("cd.yml", "image"): [
        {**LOGGING_IN, "actions": "read", "packages": "write", "attestations": "write"}
    ],
    ("cd.yml", "order"): [{"actions": "read"}],
    ("cd.yml", "production"): [DEPLOYING, {**DEPLOYING, "id-token": "write"}],
    ("cd.yml", "staging"): [DEPLOYING, {**DEPLOYING, "id-token": "write"}],
    ("ci.yml", "pipeline"): [READING, LOGGING_IN],
    ("ci.yml", "test"): [READING, LOGGING_IN],
    ("monitor.yml", "retrain"): [{"actions": "write"}],
    ("monitor.yml", "tell"): [{"issues": "write"}],
    ("monitor.yml", "watch"): [READING, LOGGING_IN],
    ("release.yml", "release"): [{"contents": "write"}],
    ("retrain.yml", "tell"): [{"issues": "write"}],
    ("retrain.yml", "train"): [READING, LOGGING_IN],
    ("template-update.yml", "update"): [{"contents": "write", "pull-requests": "write"}],
}
# The jobs that may take longer than an hour, in minutes.
LONG = {("ci.yml", "prove"): 150}


@pytest.fixture(scope="module")
def place(render: Callable[..., Path]) -> Callable[[str], Path]:
    """Return a function that says where the project of some answers is, or this repository."""
    return cache(lambda name: machine.ROOT if name == OURS else render(ANSWERS[name]))


@pytest.fixture(scope="module", params=ANSWERS)
def generated(request: pytest.FixtureRequest, place: Callable[[str], Path]) -> Path:
    """The project for each answer that workflows and images may depend on."""
    return place(request.param)


@pytest.fixture(scope="module", params=[*ANSWERS, OURS])
def workflows(request: pytest.FixtureRequest, place: Callable[[str], Path]) -> list[Path]:
    """The workflows of each such project, and our own."""
    found = sorted((place(request.param) / ".github/workflows").glob("*.yml"))
    assert found
    return found


@pytest.mark.parametrize("linter", LINTERS)
def test_workflows_pass(workflows: list[Path], linter: str) -> None:
    program, _, options = LINTERS[linter].partition(" ")
    files = " ".join(map(str, workflows))
    settings = workflows[0].parent.parent / "actionlint.yaml"
    if linter == "actionlint" and settings.exists():
        options = f"-config-file {settings}"

    run(f"{machine.tool(program)} {options} {files}", workflows[0].parent)


def test_dockerfiles_pass(generated: Path) -> None:
    files = " ".join(map(str, generated.rglob("Dockerfile")))

    run(f"{machine.tool('hadolint')} {files}", generated)


def test_every_action_is_pinned_to_a_commit_that_was_looked_up(workflows: list[Path]) -> None:
    pins = Path(__file__).with_name("pins.txt").read_text(encoding="utf-8").splitlines()
    used = {
        action
        for workflow in workflows
        for action in USES.findall(workflow.read_text(encoding="utf-8"))
    }

    assert used
    assert used <= set(pins)


def test_no_workflow_keeps_a_key_of_a_cloud(workflows: list[Path]) -> None:
    kept = {
        secret
        for workflow in workflows
        for secret in SECRET.findall(workflow.read_text(encoding="utf-8"))
    }

    assert kept <= KEPT


def test_every_job_has_a_time_limit_and_no_rights_that_it_does_not_need(
    workflows: list[Path],
) -> None:
    for workflow in workflows:
        loaded = yaml.safe_load(workflow.read_text(encoding="utf-8"))
        assert loaded["permissions"] == READING
        for name, job in loaded["jobs"].items():
            allowed = MORE_THAN_READING.get((workflow.name, name), [READING])
            assert job.get("permissions", READING) in allowed, name
            logs_in = any(login in str(job["steps"]) for login in LOGINS)
            if job.get("permissions", {}).get("id-token") and workflow.name != "cd.yml":
                assert logs_in, f"{name} needs no identity"
            assert job["timeout-minutes"] <= LONG.get((workflow.name, name), 60), name


def test_workflow_tests_each_python_from_the_oldest_on(generated: Path) -> None:
    loaded = yaml.safe_load((generated / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    oldest = loaded["env"]["UV_PYTHON"]

    tested = loaded["jobs"]["test"]["strategy"]["matrix"]["python"]

    assert tested == list(PYTHONS[PYTHONS.index(oldest) :])


def test_dockerfiles_need_no_frontend_image(generated: Path) -> None:
    # BuildKit fetches what a `# syntax=` line names, from a registry that may be out of reach.
    for file in generated.rglob("Dockerfile"):
        assert "syntax=" not in file.read_text(encoding="utf-8")


def test_renovate_can_read_its_configuration(place: Callable[[str], Path]) -> None:
    file = place(PYTHONS[0]) / ".github/renovate.json5"
    run(f"{machine.tool('check-jsonschema')} --builtin-schema vendor.renovate {file}", file.parent)


@pytest.mark.parametrize("command", ["format --check", "check"])
def test_our_own_python_passes(command: str) -> None:
    run(f"{machine.tool('ruff')} {command}", machine.ROOT)

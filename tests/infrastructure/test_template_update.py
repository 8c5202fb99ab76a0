"""The workflow that looks for releases of the template proposes each one, and fails aloud on a conflict."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from copier import run_copy
from harness.command import run
from harness.git import begin, release
from harness.project import Project
from harness.servers import hearing
from harness.workflow import Runner, Workflow

JOB = "update"
PAGE = "template/docs/updates.md.jinja"
BRANCH = "template-update/v1.3.0"

pytestmark = pytest.mark.xdist_group("template-update")


@pytest.fixture
def template_copy(repository: Path, tmp_path: Path) -> Path:
    """Return a template that a test may release anew."""
    return shutil.copytree(repository, tmp_path / "slipway")


@pytest.fixture
def origin(template_copy: Path, tmp_path: Path) -> Project:
    """Return a project of the template's release, as its server has it."""
    path = tmp_path / "origin"
    run_copy(str(template_copy), path, defaults=True, quiet=True)
    begin(path)
    run("uv lock --quiet", path)
    made = Project(path, tmp_path / "environment")
    made.commit("Generate the project")
    return made


@pytest.fixture
def runner(reader: Path, origin: Project, tmp_path: Path) -> Iterator[Runner]:
    workflow = Workflow(reader, origin.path / ".github/workflows/template-update.yml")
    # The server of the project is its folder.
    to_origin = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{origin.path}.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://github.example/owner/project",
    }
    yield Runner(
        workflow, origin, "", tmp_path / "runner", tmp_path, event="schedule", variables=to_origin
    )
    workflow.close()


def test_release_becomes_a_pull_request(
    runner: Runner, origin: Project, template_copy: Path
) -> None:
    _say_more(template_copy / PAGE, "A line more.")
    release(template_copy, "v1.3.0")

    with hearing() as github:
        github.answer = []
        ran = replace(runner, api=github.address).run(JOB)

    assert ran.status == "success", str(ran)
    assert "Template v1.2.3 -> v1.3.0" in ran.summary
    asked, opened = github.requests
    assert asked.path == f"/repos/owner/project/pulls?state=open&head=owner:{BRANCH}"
    assert (opened.method, opened.path) == ("POST", "/repos/owner/project/pulls")
    assert opened.body["title"] == "Update the template to v1.3.0"
    assert (opened.body["head"], opened.body["base"]) == (BRANCH, "main")
    assert "changed  docs/updates.md" in opened.body["body"]
    assert "CI waits here for a person" in opened.body["body"]
    assert run(f"git show {BRANCH}:docs/updates.md", origin.path).stdout.endswith("A line more.\n")
    assert run(f"git rev-list --count main..{BRANCH}", origin.path).stdout == "1\n"

    # What main has become since goes into the branch, too.
    _say_more(origin.path / "README.md", "Mine.")
    origin.commit("Say more")
    with hearing() as github:
        github.answer = [{"number": 7}]
        again = replace(runner, api=github.address, folder=runner.folder / "again").run(JOB)
    assert again.status == "success", str(again)
    assert [request.method for request in github.requests] == ["GET"]
    assert run(f"git show {BRANCH}:README.md", origin.path).stdout.endswith("Mine.\n")
    assert run(f"git rev-list --count main..{BRANCH}", origin.path).stdout == "1\n"


def test_pull_request_by_a_token_of_ours_starts_ci_with_a_lock_file_that_fits_the_release(
    runner: Runner, origin: Project, template_copy: Path, tmp_path: Path
) -> None:
    declared = template_copy / "template/pyproject.toml.jinja"
    text = declared.read_text(encoding="utf-8")
    assert '"polars>=1.20"' in text
    declared.write_text(text.replace('"polars>=1.20"', '"polars>=1.21"'), encoding="utf-8")
    release(template_copy, "v1.3.0")

    with hearing() as github:
        github.answer = []
        secrets = {"TEMPLATE_TOKEN": "a token of ours"}
        ran = replace(runner, api=github.address, secrets=secrets).run(JOB)

    assert ran.status == "success", str(ran)
    opened = github.requests[-1]
    assert opened.headers["Authorization"] == "Bearer a token of ours"
    assert "CI waits" not in opened.body["body"]
    run(f"git clone --quiet --branch {BRANCH} {origin.path} {tmp_path / 'clone'}", tmp_path)
    assert "polars>=1.21" in (tmp_path / "clone/pyproject.toml").read_text(encoding="utf-8")
    run("uv lock --check", tmp_path / "clone")  # as `uv sync --locked` of CI asks for it


def test_branch_that_a_person_worked_on_is_left_alone(
    runner: Runner, origin: Project, template_copy: Path
) -> None:
    _say_more(template_copy / PAGE, "A line more.")
    release(template_copy, "v1.3.0")
    origin.run(f"git switch --quiet --create {BRANCH}")
    _say_more(origin.path / "README.md", "What the release asks of us.")
    origin.commit("Do what the release asks of us")
    theirs = run("git rev-parse HEAD", origin.path).stdout
    origin.run("git switch --quiet main")

    with hearing() as github:
        ran = replace(runner, api=github.address).run(JOB)

    assert ran.status == "success", str(ran)
    assert f"{BRANCH} is left as it is" in ran.printed("Propose it")
    assert run(f"git rev-parse {BRANCH}", origin.path).stdout == theirs
    assert github.requests == []


def test_no_release_is_no_pull_request(runner: Runner) -> None:
    ran = runner.run(JOB)

    assert ran.status == "success", str(ran)
    assert "Nothing to update." in ran.summary


def test_conflict_fails_the_run_and_is_named(
    runner: Runner, origin: Project, template_copy: Path
) -> None:
    _say_more(template_copy / PAGE, "Theirs.")
    _say_more(origin.path / "docs/updates.md", "Mine.")
    origin.commit("Say more")
    release(template_copy, "v1.3.0")

    ran = runner.run(JOB)

    assert ran.status == "failure"
    assert "docs/updates.md: changed here and by the template" in ran.summary
    assert "::error::The update has conflicts" in str(ran)
    assert ran.outcome("Propose it") == "skipped"
    assert run("git branch --list template-update/*", origin.path).stdout == ""


def _say_more(page: Path, line: str) -> None:
    page.write_text(f"{page.read_text(encoding='utf-8')}\n{line}\n", encoding="utf-8")

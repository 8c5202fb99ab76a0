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
    page = template_copy / PAGE
    page.write_text(page.read_text(encoding="utf-8") + "\nA line more.\n", encoding="utf-8")
    release(template_copy, "v1.3.0")

    with hearing() as github:
        github.answer = []
        ran = replace(runner, api=github.address).run(JOB)

    assert ran.status == "success", str(ran)
    assert "Template v1.2.3 -> v1.3.0" in ran.summary
    asked, opened = github.requests
    assert asked.path == ("/repos/owner/project/pulls?state=open&head=owner:template-update/v1.3.0")
    assert (opened.method, opened.path) == ("POST", "/repos/owner/project/pulls")
    assert opened.body["title"] == "Update the template to v1.3.0"
    assert (opened.body["head"], opened.body["base"]) == ("template-update/v1.3.0", "main")
    assert "changed  docs/updates.md" in opened.body["body"]
    branch = "template-update/v1.3.0"
    assert run(f"git show {branch}:docs/updates.md", origin.path).stdout.endswith("A line more.\n")
    assert run(f"git rev-list --count main..{branch}", origin.path).stdout == "1\n"

    with hearing() as github:
        github.answer = [{"number": 7}]
        again = replace(runner, api=github.address, folder=runner.folder / "again").run(JOB)
    assert again.status == "success", str(again)
    assert [request.method for request in github.requests] == ["GET"]


def test_no_release_is_no_pull_request(runner: Runner) -> None:
    ran = runner.run(JOB)

    assert ran.status == "success", str(ran)
    assert "Nothing to update." in ran.summary


def test_conflict_fails_the_run_and_is_named(
    runner: Runner, origin: Project, template_copy: Path
) -> None:
    for page, line in (
        (template_copy / PAGE, "Theirs."),
        (origin.path / "docs/updates.md", "Mine."),
    ):
        page.write_text(page.read_text(encoding="utf-8") + f"\n{line}\n", encoding="utf-8")
    origin.commit("Say more")
    release(template_copy, "v1.3.0")

    ran = runner.run(JOB)

    assert ran.status == "failure"
    assert "docs/updates.md: changed here and by the template" in ran.summary
    assert "::error::The update has conflicts" in str(ran)
    assert ran.outcome("Propose it") == "skipped"
    assert run("git branch --list template-update/*", origin.path).stdout == ""

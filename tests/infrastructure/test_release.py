"""A commit of main that CI passed becomes a release if it says so, once, and nothing else does."""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from harness import machine
from harness.command import run
from harness.git import begin
from harness.project import Project
from harness.released import released
from harness.servers import Heard, hearing
from harness.workflow import REPOSITORY, Ran, Runner, Workflow

JOB = "release"
HOLD = "Hold the commit against the changelog"
TAG = "Tag it"
PUBLISH = "Publish its page"
CHANGELOG = """\
# Changelog

## [Unreleased]

## [0.2.0] - 2026-01-31

### Added

- What `0.2.0` brings, in "words".

### For maintainers

Nothing to do.
"""
NOTES = CHANGELOG.partition("2026-01-31\n\n")[2]

pytestmark = pytest.mark.xdist_group("release")


@pytest.fixture(scope="module")
def workflow(reader: Path) -> Iterator[Workflow]:
    read = Workflow(reader, machine.ROOT / ".github/workflows/release.yml")
    yield read
    read.close()


@pytest.fixture
def origin(tmp_path: Path) -> Project:
    """Return a template with work to be released, as its server has it."""
    path = tmp_path / "origin"
    (path / "scripts").mkdir(parents=True)
    shutil.copy(machine.ROOT / "scripts/release.py", path / "scripts")
    (path / "CHANGELOG.md").write_text(CHANGELOG)
    (path / "pyproject.toml").write_text('[project]\nname = "slipway"\nversion = "0.2.0"\n')
    begin(path)
    return Project(path, tmp_path / "environment")


@pytest.fixture
def runner(workflow: Workflow, origin: Project, tmp_path: Path) -> Runner:
    # The server of the template is its folder.
    to_origin = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{origin.path}.insteadOf",
        "GIT_CONFIG_VALUE_0": f"https://github.example/{REPOSITORY}",
    }
    return Runner(
        workflow,
        origin,
        "",
        tmp_path / "runner",
        tmp_path,
        event="workflow_run",
        variables=to_origin,
    )


@pytest.fixture
def github() -> Iterator[Heard]:
    """Return GitHub's API, which has no page of a release yet."""
    with hearing() as heard:
        heard.answer = []
        yield heard


def test_the_tests_here_run_every_job_of_the_workflow(workflow: Workflow) -> None:
    assert [job["id"] for job in workflow.ask("jobs")] == [JOB]


def test_commit_of_a_release_gets_its_tag_and_its_page(
    runner: Runner, origin: Project, github: Heard
) -> None:
    commit = _commit(origin, "Release v0.2.0")
    _commit(origin, "Go on")

    ran = _release(runner, github, commit)

    assert ran.status == "success", str(ran)
    assert _tags(origin) == {"v0.2.0": commit}
    asked, published = github.requests
    assert (asked.method, asked.path) == ("GET", "/repos/owner/project/releases?per_page=100")
    assert (published.method, published.path) == ("POST", "/repos/owner/project/releases")
    assert published.headers["Authorization"] == "Bearer a token"
    assert published.body == {"tag_name": "v0.2.0", "name": "v0.2.0", "body": NOTES}


def test_tag_and_page_that_are_there_are_left(
    runner: Runner, origin: Project, github: Heard
) -> None:
    commit = _commit(origin, "Release v0.2.0")
    run("git tag v0.2.0", origin.path)
    github.answer = [{"tag_name": "v0.2.0"}, {"tag_name": "v0.1.0"}]

    ran = _release(runner, github, commit)

    assert ran.status == "success", str(ran)
    assert _tags(origin) == {"v0.2.0": commit}
    assert [request.method for request in github.requests] == ["GET"]


def test_page_that_a_run_did_not_reach_is_published_by_the_next(
    runner: Runner, origin: Project, github: Heard
) -> None:
    commit = _commit(origin, "Release v0.2.0")
    first = _release(replace(runner, folder=runner.folder / "first"), None, commit)
    assert (first.outcome(TAG), first.outcome(PUBLISH)) == ("success", "failure")

    ran = _release(runner, github, commit)

    assert ran.status == "success", str(ran)
    assert [request.method for request in github.requests] == ["GET", "POST"]


def test_tag_of_another_commit_is_not_moved(runner: Runner, origin: Project, github: Heard) -> None:
    earlier = _commit(origin, "Release v0.2.0")
    run("git tag --annotate --message 0.2.0 v0.2.0", origin.path)

    ran = _release(runner, github, _commit(origin, "Release v0.2.0"))

    assert ran.outcome(TAG) == "failure"
    assert f"::error::v0.2.0 is {earlier} already" in str(ran)
    assert _tags(origin) == {"v0.2.0": earlier}
    assert github.requests == []


def test_tag_that_comes_while_the_workflow_runs_is_not_moved(
    runner: Runner, origin: Project, github: Heard, tmp_path: Path
) -> None:
    earlier = _commit(origin, "Go on")
    # Which was not there when the commit was checked out.
    python = machine.require("python3", "the workflow calls it")
    meanwhile = f'git --git-dir "{origin.path}/.git" tag v0.2.0 {earlier} 2> /dev/null || true'
    (tmp_path / "python3").write_text(f'#!/bin/sh\n{meanwhile}\nexec "{python}" "$@"\n')
    (tmp_path / "python3").chmod(0o755)

    ran = _release(runner, github, _commit(origin, "Release v0.2.0"))

    assert ran.outcome(TAG) == "failure"
    assert "already exists" in str(ran)
    assert _tags(origin) == {"v0.2.0": earlier}
    assert github.requests == []


@pytest.mark.parametrize(
    ("file", "old", "new", "reason"),
    [
        ("pyproject.toml", "0.2.0", "0.1.0", "pyproject.toml has version 0.1.0"),
        ("CHANGELOG.md", "Nothing to do.", "", "0.2.0 has no text under"),
        ("CHANGELOG.md", "[0.2.0] - 2026-01-31", "[Next]", "'## [Next]' is neither"),
    ],
    ids=["version", "maintainers", "heading"],
)
def test_release_whose_changelog_disagrees_is_none(
    runner: Runner, origin: Project, github: Heard, file: str, old: str, new: str, reason: str
) -> None:
    text = (origin.path / file).read_text()
    (origin.path / file).write_text(text.replace(old, new))

    ran = _release(runner, github, _commit(origin, "Release v0.2.0"))

    assert (ran.outcome(HOLD), ran.outcome(TAG)) == ("failure", "skipped")
    assert reason in str(ran)
    assert _tags(origin) == {}
    assert github.requests == []


@pytest.mark.parametrize("subject", ["Release v0.2.1", "Release v0.2.0 (#7)", "Release v0.2"])
def test_subject_that_is_not_of_the_newest_release_fails_aloud(
    runner: Runner, origin: Project, github: Heard, subject: str
) -> None:
    ran = _release(runner, github, _commit(origin, subject))

    assert ran.outcome(HOLD) == "failure"
    assert f"::error::The commit is called '{subject}'" in str(ran)
    assert _tags(origin) == {}


@pytest.mark.parametrize(
    "change",
    [
        {"head_commit": {"message": "Go on\n\nRelease v0.2.0"}},
        {"conclusion": "failure"},
        {"conclusion": "cancelled"},
        {"event": "pull_request"},
        {"head_branch": "work"},
        {"head_repository": {"full_name": "stranger/project"}},
    ],
    ids=["an ordinary commit", "failed", "cancelled", "a pull request", "a branch", "a fork"],
)
def test_nothing_but_a_release_that_ci_passed_on_main_is_looked_at(
    runner: Runner, origin: Project, change: Mapping[str, Any]
) -> None:
    of_release = _payload(_commit(origin, "Release v0.2.0"), "Release v0.2.0")
    changed = {"workflow_run": of_release["workflow_run"] | change}

    assert replace(runner, payload=of_release).runs(JOB, "success")
    assert not replace(runner, payload=changed).runs(JOB, "success")


def test_history_tells_releases_oldest_first(origin: Project) -> None:
    _commit(origin, "Begin")
    assert released(origin.path) == {}

    first = _commit(origin, "Release v0.9.0")
    _commit(origin, "Release validated rows early")
    _commit(origin, "Release v0.9.1 (#7)")
    _commit(origin, "Undo\n\nRelease v0.9.1 was none.")
    second = _commit(origin, "Release v0.10.0")
    _commit(origin, "Release v0.10.0")

    assert list(released(origin.path).items()) == [("v0.9.0", first), ("v0.10.0", second)]


def test_our_own_releases_are_versions_of_the_changelog() -> None:
    changelog = (machine.ROOT / "CHANGELOG.md").read_text(encoding="utf-8")

    assert [tag for tag in released() if f"## [{tag[1:]}] - " not in changelog] == []


def test_ci_gives_the_tests_what_comes_from_npm(
    reader: Path, repository: Path, tmp_path: Path
) -> None:
    workflow = Workflow(reader, machine.ROOT / ".github/workflows/ci.yml")
    for program, told in (("npm", '"$@"'), ("make", '"$@" "$SLIPWAY_NPM"')):
        (tmp_path / program).write_text(f'#!/bin/sh\necho "{program}" {told}\n')
        (tmp_path / program).chmod(0o755)

    ran = Runner(workflow, Project(repository, tmp_path), "", tmp_path / "runner", tmp_path).run(
        "prove"
    )

    workflow.close()
    assert ran.status == "success", str(ran)
    *_, npm, make = ran.steps
    tools = "@actions/workflow-parser @actions/expressions azurite esbuild"
    assert npm.output == f"npm install --no-fund --no-audit --prefix .tools/npm {tools}\n"
    modules = tmp_path / "runner/prove/workspace/.tools/npm/node_modules"
    assert make.output == f"make test {modules}\n"


def _commit(origin: Project, message: str) -> str:
    origin.run("git add --all")
    run(f"git commit --quiet --allow-empty --message '{message}'", origin.path)
    return run("git rev-parse HEAD", origin.path).stdout.strip()


def _tags(origin: Project) -> dict[str, str]:
    tags = run("git tag", origin.path).stdout.split()
    return {tag: run(f"git rev-parse {tag}^{{commit}}", origin.path).stdout.strip() for tag in tags}


def _payload(commit: str, message: str) -> Mapping[str, Any]:
    """Return what GitHub tells when CI has passed on a commit that was pushed to main."""
    return {
        "workflow_run": {
            "conclusion": "success",
            "event": "push",
            "head_branch": "main",
            "head_commit": {"message": message},
            "head_repository": {"full_name": REPOSITORY},
            "head_sha": commit,
        }
    }


def _release(runner: Runner, github: Heard | None, commit: str) -> Ran:
    """Run the workflow for a commit that CI has passed; without GitHub's API if that is None."""
    message = run(f"git log --max-count 1 --format=%B {commit}", runner.repository.path).stdout
    api = github.address if github else runner.api
    return replace(runner, payload=_payload(commit, message), api=api).run(JOB)

"""What every test starts from: a rendered template, and a project that has lived its first hour."""

import os
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from copier import run_copy
from harness import freshness, machine, tables
from harness.git import begin, release
from harness.once import once
from harness.project import Project, opened, start
from harness.variants import CANNOT_RUN_HERE, VARIANTS, each, variant_with
from jinja2 import Environment

# Fixtures behind which minutes of work lie: tests that use them run after all others.
LONG = {"project", "engine"}

ENVIRONMENTS = "SLIPWAY_ENVIRONMENTS"


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that all workers of this test run share."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def environments() -> Path:
    """Return the folder of the environments that projects share: on a disk, where uv links to what it has."""
    return Path(os.environ[ENVIRONMENTS])


@pytest.fixture(scope="session")
def template(shared: Path) -> Path:
    """Return a plain copy of the work tree, uncommitted changes included.

    Copier asks git for its configuration once per file when the template is a repository, which
    takes most of a render's time.
    """
    return once(shared / "template", _copy_work_tree)


def _copy_work_tree(to: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=machine.ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        source = machine.ROOT / name
        if source.is_file():  # one that is deleted, but still in the index, is not
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, to / name)


@pytest.fixture(scope="session")
def repository(template: Path, shared: Path) -> Path:
    """Return the template as people get it: a git repository with a release."""

    def make(path: Path) -> None:
        shutil.copytree(template, path)
        begin(path)
        release(path, "v1.2.3")

    return once(shared / "slipway", make)


@pytest.fixture(scope="session", autouse=True)
def _quick_renders() -> Iterator[None]:
    """Leave out of renders in this process what takes three quarters of their time and changes no file.

    Copier compiles each text of the template for every project, and asks git once per file whether it hides modes, to
    mend the index where it does.
    """
    compiled: dict[tuple[Any, ...], Any] = {}
    compile_anew = Environment.compile

    def compile_once(environment: Environment, *given: Any, **options: Any) -> Any:
        # What a sandbox compiles asks it before each call: another kind of environment may not run it.
        key = (type(environment), *given, *options.items())
        if key not in compiled:
            compiled[key] = compile_anew(environment, *given, **options)
        return compiled[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Environment, "compile", compile_once)
        patch.setattr(
            "copier._main.Worker._sync_git_index_executable_bit", lambda *_: None, raising=False
        )
        yield


Render = Callable[..., Path]


@pytest.fixture(scope="session")
def render(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Render:
    """Return a function that renders the template: answers in, path of the new project out."""

    def rendered(answers: Mapping[str, Any] | None = None, to: Path | None = None) -> Path:
        path = to or tmp_path_factory.mktemp("rendered") / "project"
        run_copy(str(template), path, data=dict(answers or {}), defaults=True, quiet=True)
        return path

    return rendered


@pytest.fixture(scope="session")
def project(render: Render, shared: Path, environments: Path) -> Callable[..., Project]:
    """Return a function that gives the project of some answers: in git, set up, the pipeline run.

    Called as `project(task, **answers)`: `project(task)` is the default one, `project(task, storage="s3")`
    any that has this answer. The project is made once, committed and shared; a test that changes
    anything takes a copy of its own: `project(task).copy(tmp_path / "project")`.
    """

    def made(task: str, **answers: Any) -> Project:
        given = variant_with({"task": task, **answers}) if answers else {"task": task}
        if given.get("compute") == "spark":
            machine.require("java", "Spark runs on it")
        path = shared / "projects" / tables.title(given)

        def make(_: Path) -> None:
            # One name for all: projects of the same name and dependencies share an environment.
            render({"project_name": "Penguin Species", **given}, path)
            first = start(path, environments)
            first.run("uv run poe pipeline")
            first.keep_bytecode()
            first.commit("Run the pipeline")

        once(path, make)
        return opened(path, environments)

    return made


@pytest.fixture(scope="session", params=each(VARIANTS))
def fresh_variant(
    project: Callable[..., Project], request: pytest.FixtureRequest
) -> Iterator[Project]:
    """Return each variant's project in turn."""
    made = project(**VARIANTS[request.param])
    yield made
    made.keep_bytecode()


def pytest_configure(config: pytest.Config) -> None:
    """Tell every process of this run where environments lie.

    And let uv believe the index for longer than some mirrors ask it to.
    """
    if "PYTEST_XDIST_WORKER" not in os.environ:
        settings = config.cache.mkdir("settings")
        freshness.declare(settings / "uv/uv.toml")
        os.environ["XDG_CONFIG_HOME"] = str(settings)
        environments = tempfile.mkdtemp(prefix="slipway-environments-", dir="/var/tmp")
        config.add_cleanup(partial(shutil.rmtree, environments, ignore_errors=True))  # gigabytes
        os.environ[ENVIRONMENTS] = environments


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run what answers in seconds first; within that, keep the order of the folders."""
    long = {item for item in items if not LONG.isdisjoint(getattr(item, "fixturenames", ()))}
    # A group runs as one, where its first test stands.
    long_groups = {_group(item) for item in long} - {None}
    items.sort(key=lambda item: item in long or _group(item) in long_groups)


def _group(item: pytest.Item) -> str | None:
    mark = item.get_closest_marker("xdist_group")
    return mark and str(mark.args[0])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterable[Any]:
    """Where everything must run, turn a test that was left out into one that failed."""
    report = yield
    if report.skipped and isinstance(report.longrepr, tuple):
        # The list at the end of the run shall name the test, not the line that left it out.
        path, line, _ = item.location
        report.longrepr = (path, (line or 0) + 1, report.longrepr[2])
    if "fresh_variant" in getattr(item, "fixturenames", ()):
        report.user_properties.append(("variant", item.callspec.params["fresh_variant"]))
    _refuse_to_leave_out(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Iterable[Any]:
    """Do the same for a whole module."""
    report = yield
    _refuse_to_leave_out(report)
    return report


def _refuse_to_leave_out(report: pytest.TestReport | pytest.CollectReport) -> None:
    required = os.environ.get("SLIPWAY_REQUIRE_ALL") == "1"
    if required and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"SLIPWAY_REQUIRE_ALL is set, and this was left out. {reason}"


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """End with a line per reason for which tests were left out, and a line per variant."""
    _list_left_out(terminalreporter)
    _list_variants(terminalreporter)


def _list_left_out(terminalreporter: Any) -> None:
    left_out: dict[str, Counter[str]] = {}
    for report in terminalreporter.stats.get("skipped", ()):
        path, _, reason = report.longrepr
        left_out.setdefault(reason.removeprefix("Skipped: "), Counter())[path] += 1
    if left_out:
        terminalreporter.section("left out")
    for reason, places in left_out.items():
        listed = ", ".join(f"{number} in {path}" for path, number in places.items())
        terminalreporter.write_line(f"{reason}: {listed}")


def _list_variants(terminalreporter: Any) -> None:
    """Tell of each variant what ran, and how long."""
    ran: dict[str, list[pytest.TestReport]] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, value in getattr(report, "user_properties", ()):
                if name == "variant":
                    ran.setdefault(value, []).append(report)
    if not ran:
        return
    terminalreporter.section("variants")
    for variant, reports in sorted(ran.items()):
        seconds = {
            made: sum(report.duration for report in reports if (report.when == "setup") == made)
            for made in (True, False)
        }
        checks = [report for report in reports if report.when == "call"]
        failed = [report.nodeid.partition("::")[2] for report in reports if report.failed]
        terminalreporter.write_line(
            f"{'FAIL' if failed else 'ok' if checks else 'out':4}  {variant}: made in {seconds[True]:.0f} s, "
            f"{len(checks)} checks in {seconds[False]:.0f} s {' '.join(failed)}".rstrip()
        )
    for combination in CANNOT_RUN_HERE:
        answers = " and ".join(
            f"{name}={answer}" for name, answer in combination["answers"].items()
        )
        terminalreporter.write_line(f"only rendered  {answers}: {combination['because']}")

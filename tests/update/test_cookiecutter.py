"""A project that comes by Cookiecutter or cruft is the one that Copier makes, and is updated like any other."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from copier import run_copy
from harness import machine
from harness.command import run
from harness.git import begin, commit, release
from harness.once import once
from harness.releases import snapshot, write
from harness.rendered import differences, read_answers

SCRIPT = "scripts/cookiecutter.py"
WORDY = 'Größe "Łódź" d\'Été {{ x }} {% raw %} {# c #} """ \'\'\' 🐧 C:\\new\\'
ANSWERS: dict[str, dict[str, str]] = {
    "defaults": {},
    "words": {
        "project_name": WORDY,
        "package_name": "sizes",
        "description": f"100 %: $(id) `{WORDY}",
        "author": "Ana O'Neil 🎉 \\",
        "organisation": "null",
    },
    "options": {
        "task": "regression",
        "license": "proprietary",
        "python_version": "3.12",
        "framework": "lightgbm",
        "data_source": "sql",
        "storage": "s3",
        "tracking": "mlflow",
        "serving": "batch",
        "deployment": "kubernetes",
    },
    "series": {
        "task": "forecasting",
        "email": "owner@example.org",
        "compute": "spark",
        "orchestrator": "airflow",
        "drift_report": "evidently",
    },
}
ADDRESSES = [
    "https://github.com/me/slipway",
    "https://github.com/me/slipway.git",
    "https://git.example.org/slipway",
    "https://git:s3cret@git.example.org/slipway",
]
Program = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def small(template: Path, shared: Path) -> Path:
    """Return the template as a repository with a release, of what makes the files at a project's top and its scripts.

    They hold all words that people type. What Copier makes of the others it makes either way, and one test sees that.
    """

    def make(path: Path) -> None:
        shutil.copytree(template, path)
        for found in list((path / "template").iterdir()):
            if found.is_dir() and found.name != "scripts":
                shutil.rmtree(found)
        begin(path)
        release(path, "v1.2.3")

    return once(shared / "slipway-small", make)


@pytest.fixture(scope="module")
def moved_on(small: Path, shared: Path) -> Path:
    """Return such a template with work after its newest release, and with a program in it."""

    def make(path: Path) -> None:
        shutil.copytree(small, path)
        write(path / "template/program", "#!/bin/sh\n")
        (path / "template/program").chmod(0o755)
        commit(path)

    return once(shared / "slipway-moved-on", make)


@pytest.fixture(scope="module")
def by_copier(
    shared: Path, moved_on: Path
) -> Callable[[str, str, str], dict[str, tuple[bytes, int]]]:
    """Return a function that gives the files and modes of the project that Copier makes."""

    def made(answers: str, source: str, ref: str) -> dict[str, tuple[bytes, int]]:
        way = "address" if "://" in source else "folder"

        def make(path: Path) -> None:
            with pytest.MonkeyPatch.context() as patch:
                # Copier keeps what it clones, and two tests at once would both bring that up to date.
                patch.setenv("COPIER_CACHE_DIR", f"{path}-mirrors")
                data = ANSWERS[answers]
                run_copy(source, path, data=data, vcs_ref=ref, defaults=True, quiet=True)

        return snapshot(once(shared / f"by-copier-{answers}-{ref}-{way}", make))

    return made


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return the empty folder in which Cookiecutter is called."""
    (tmp_path / "place").mkdir()
    return tmp_path / "place"


@pytest.fixture
def start(place: Path, moved_on: Path, tmp_path: Path) -> Program:
    """Return a function that runs a program in that folder, with settings and caches of the test's own."""
    # So that one may type an address of the net.
    git = tmp_path / "gitconfig"
    places = "".join(f"\tinsteadOf = {address}\n" for address in ADDRESSES)
    git.write_text(f'[include]\n\tpath = ~/.gitconfig\n[url "file://{moved_on}"]\n{places}')
    # The line that names the clone in it is one that YAML folds.
    kept = tmp_path / " ".join(["kept for the next time"] * 5)
    settings = tmp_path / "cookiecutter.yaml"
    settings.write_text(f"cookiecutters_dir: {kept / 'templates'}\nreplay_dir: {kept / 'replay'}\n")

    def started(
        *command: str | Path, typed: str = "", **variables: str
    ) -> subprocess.CompletedProcess[str]:
        own = {
            "COOKIECUTTER_CONFIG": str(settings),
            "COPIER_CACHE_DIR": str(tmp_path / "mirrors"),
            "GIT_CONFIG_GLOBAL": str(git),
        }
        return subprocess.run(
            command,
            cwd=place,
            env=machine.environment(**{"PWD": str(place)} | own | variables),
            input=typed,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=300,
            check=False,
        )

    return started


@pytest.fixture
def cookiecutter(start: Program) -> Program:
    """Return a function that calls Cookiecutter: template, options, answers."""

    def called(
        source: str | Path, *options: str, program: tuple[str | Path, ...] = (), **answers: str
    ) -> subprocess.CompletedProcess[str]:
        given = [f"{name}={_as_jinja(answer)}" for name, answer in answers.items()]
        command = program or (machine.tool("cookiecutter"),)
        return start(*command, "--no-input", *options, source, *given)

    return called


@pytest.fixture
def cruft(start: Program) -> Program:
    """Return a function that calls cruft in the same way."""

    def called(
        source: str | Path, *options: str, **answers: str
    ) -> subprocess.CompletedProcess[str]:
        given = json.dumps({name: _as_jinja(answer) for name, answer in answers.items()})
        program = machine.tool("cruft")
        return start(program, "create", source, "--no-input", "--extra-context", given, *options)

    return called


def _as_jinja(answer: str) -> str:
    """Word an answer as it must be on a command line, which Cookiecutter renders."""
    return "{{ " + ascii(answer) + " }}" if "{" in answer or "\\" in answer else answer


def test_what_cookiecutter_reads_says_what_copier_asks() -> None:
    checked = _check(machine.ROOT)

    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\ntask:\n", "\ncolour:\n  type: str\n  help: Which?\n  default: green\n\ntask:\n"),
        ("What does the model predict?", "What is predicted?"),
        ("default: scikit-learn", "default: pytorch"),
    ],
    ids=["another question", "other words", "another default"],
)
def test_change_of_the_questions_is_told(
    template: Path, tmp_path: Path, old: str, new: str
) -> None:
    changed = shutil.copytree(template, tmp_path / "changed")
    questions = (changed / "copier.yml").read_text(encoding="utf-8")
    assert old in questions
    (changed / "copier.yml").write_text(questions.replace(old, new, 1), encoding="utf-8")

    checked = _check(changed)

    assert checked.returncode == 1
    assert (
        checked.stderr
        == "cookiecutter.json is not what copier.yml says: run python scripts/cookiecutter.py\n"
    )


@pytest.mark.parametrize("answers", ANSWERS)
def test_cookiecutter_makes_the_project_that_copier_makes(
    cookiecutter: Program,
    by_copier: Callable[..., dict[str, tuple[bytes, int]]],
    moved_on: Path,
    place: Path,
    answers: str,
) -> None:
    made = cookiecutter(moved_on, **ANSWERS[answers])

    assert made.returncode == 0, made.stderr
    assert snapshot(_project(place)) == by_copier(answers, str(moved_on), "HEAD")
    assert os.access(_project(place) / "program", os.X_OK)
    assert read_answers(_project(place))["_commit"].startswith("v1.2.3-1-g")


def test_cookiecutter_makes_every_file(
    cookiecutter: Program, repository: Path, place: Path, render: Callable[..., Path]
) -> None:
    made = cookiecutter(repository)

    assert made.returncode == 0, made.stderr
    assert differences(_project(place), render()) == [".copier-answers.yml"]


@pytest.mark.parametrize("answers", ["defaults", "words"])
def test_cookiecutter_makes_it_from_an_address_and_remembers_that(
    cookiecutter: Program,
    by_copier: Callable[..., dict[str, tuple[bytes, int]]],
    moved_on: Path,
    place: Path,
    answers: str,
) -> None:
    address = f"git+file://{moved_on}"

    made = cookiecutter(address, "--checkout", "v1.2.3", **ANSWERS[answers])

    assert made.returncode == 0, made.stderr
    assert snapshot(_project(place)) == by_copier(answers, address, "v1.2.3")
    assert read_answers(_project(place))["_src_path"] == address


@pytest.mark.parametrize("answers", ANSWERS)
def test_cruft_makes_the_project_that_copier_makes(
    cruft: Program,
    by_copier: Callable[..., dict[str, tuple[bytes, int]]],
    moved_on: Path,
    place: Path,
    answers: str,
) -> None:
    made = cruft(moved_on, "--checkout", "v1.2.3", **ANSWERS[answers])

    assert made.returncode == 0, made.stderr
    own_notes = _project(place) / ".cruft.json"
    own_notes.unlink()
    assert snapshot(_project(place)) == by_copier(answers, str(moved_on), "v1.2.3")


def test_answers_can_be_typed(start: Program, moved_on: Path, place: Path) -> None:
    typed = ["2", WORDY, "", "sizes", "", "Ana"]

    made = start(machine.tool("cookiecutter"), moved_on, typed="\n".join([*typed, *[""] * 20]))

    assert made.returncode == 0, made.stderr
    project = place / "grosse-lodz-d-ete-x-raw-c-c-new"
    assert _project(place) == project
    answers = read_answers(project)
    assert answers["project_name"] == WORDY
    assert answers["task"] == "regression"
    assert answers["description"] == "Estimates the body mass of a penguin from its measurements."
    assert answers["organisation"] == "Ana"


@pytest.mark.parametrize(
    ("answers", "folder"),
    [
        ({}, "penguin-species"),
        ({"task": "forecasting"}, "carbon-dioxide"),
        ({"project_name": "🐧"}, "ml-project"),
        ({"project_name": "שלום עולם"}, "shlvm-vlm"),
        ({"project_name": "../a/b"}, "a-b"),
        ({"project_name": "a" * 100}, "a" * 60),
        ({"project_slug": "elsewhere"}, "elsewhere"),
    ],
    ids=str,
)
def test_folder_is_named_after_the_project(
    cookiecutter: Program, moved_on: Path, place: Path, answers: dict[str, str], folder: str
) -> None:
    assert cookiecutter(moved_on, "--accept-hooks", "no", **answers).returncode == 0

    assert _project(place).name == folder
    assert "run it again" in (place / folder / "cookiecutter-stub.txt").read_text()


@pytest.mark.parametrize("output", [".", "deep/down", "../elsewhere"])
def test_relative_path_to_the_template_is_remembered_in_full(
    cookiecutter: Program, moved_on: Path, place: Path, output: str
) -> None:
    (place / "slipway").symlink_to(moved_on)
    (place / output).mkdir(parents=True, exist_ok=True)

    # What PWD says may be of another folder, but for those who call from outside of what they make.
    elsewhere = ("env", "PWD=/", machine.tool("cookiecutter")) if ".." not in output else ()

    made = cookiecutter("./slipway", "--output-dir", output, program=elsewhere)

    assert made.returncode == 0, made.stderr
    project = (place / output / "penguin-species").resolve()
    assert read_answers(project)["_src_path"] == str(place / "slipway")
    assert f'cd "{project}"' in made.stderr


def test_name_of_an_earlier_clone_is_remembered_by_its_address(
    cookiecutter: Program, moved_on: Path, place: Path
) -> None:
    address = f"git+file://{moved_on}"
    cookiecutter(address, project_slug="first")

    made = cookiecutter(moved_on.name, project_slug="second")

    assert made.returncode == 0, made.stderr
    assert read_answers(place / "second")["_src_path"] == address


@pytest.mark.parametrize(
    ("way", "typed", "remembered"),
    [
        ("cookiecutter", "gh:me/slipway", "gh:me/slipway"),
        ("cookiecutter", ADDRESSES[0], ADDRESSES[0]),
        ("cookiecutter", ADDRESSES[2], f"git+{ADDRESSES[2]}"),
        ("cruft", ADDRESSES[1], ADDRESSES[1]),
        ("cruft", ADDRESSES[2], f"git+{ADDRESSES[2]}"),
        # The answers are committed, with no password in them.
        ("cookiecutter", ADDRESSES[3], f"git+{ADDRESSES[2]}"),
        ("cruft", ADDRESSES[3], f"git+{ADDRESSES[2]}"),
    ],
)
def test_address_is_remembered_as_copier_finds_it(
    cookiecutter: Program, cruft: Program, place: Path, way: str, typed: str, remembered: str
) -> None:
    made = (cruft if way == "cruft" else cookiecutter)(typed)

    assert made.returncode == 0, made.stderr
    assert read_answers(_project(place))["_src_path"] == remembered


@pytest.mark.parametrize("way", ["folder", "address", "cruft"])
def test_next_release_arrives_by_either_update(
    cookiecutter: Program,
    cruft: Program,
    start: Program,
    small: Path,
    tmp_path: Path,
    place: Path,
    way: str,
) -> None:
    template = shutil.copytree(small, tmp_path / "slipway")
    source = f"git+file://{template}" if way == "address" else str(template)
    made = (cruft if way == "cruft" else cookiecutter)(source, "--checkout", "v1.2.3")
    assert made.returncode == 0, made.stderr
    project = _project(place)
    begin(project)
    commit(project)
    with (template / "template/SECURITY.md.jinja").open("a") as file:
        file.write("\nWhat the next release brings.\n")
    release(template, "v1.3.0")

    for command in (
        [sys.executable, "scripts/template_update.py"],
        [machine.tool("copier"), "update", "--defaults"],
    ):
        run("git reset --quiet --hard", project)
        updated = start("env", "--chdir", project, *command)

        assert updated.returncode == 0, updated.stderr
        arrived = (project / "SECURITY.md").read_text(encoding="utf-8")
        assert arrived.endswith("What the next release brings.\n")
        assert read_answers(project)["_commit"] == "v1.3.0"
        assert read_answers(project)["_src_path"] == source


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        (
            {"package_name": "class"},
            "Validation error for question 'package_name': 'class' is a Python keyword and cannot be imported: "
            "add a word, such as class_model.",
        ),
        (
            {"orchestrator": "kubeflow", "storage": "local"},
            "Validation error for question 'framework': orchestrator=kubeflow and storage=local make no sense "
            "together: a step in another pod does not reach a folder of this machine. Answer s3, gcs or azure for "
            "storage.",
        ),
        (
            {"author": "\x7f", "package_name": "penguins"},
            "Validation error for question 'author': The author holds a line break or another control character: "
            "type it on one line.",
        ),
    ],
    ids=["package name", "answers that make no sense together", "control character"],
)
@pytest.mark.parametrize("way", ["cookiecutter", "cruft"])
def test_refused_answer_is_one_line_and_leaves_nothing(
    cookiecutter: Program,
    cruft: Program,
    moved_on: Path,
    place: Path,
    way: str,
    answers: dict[str, str],
    told: str,
) -> None:
    refused = (cruft if way == "cruft" else cookiecutter)(moved_on, **answers)

    assert refused.returncode == 1
    assert _said_by_the_hook(refused) == told
    assert _entries(place) == []


def test_version_that_does_not_exist_is_one_line_and_leaves_nothing(
    cookiecutter: Program, moved_on: Path, place: Path
) -> None:
    refused = cookiecutter(moved_on, "--checkout", "v9")

    assert refused.returncode == 1
    assert _said_by_the_hook(refused) == "Unknown revision: 'v9'"
    assert _entries(place) == []


def test_template_that_is_no_repository_is_one_line_and_leaves_nothing(
    cookiecutter: Program, moved_on: Path, tmp_path: Path, place: Path
) -> None:
    archive = tmp_path / "slipway.zip"
    run(f"git archive --prefix slipway/ --output {archive} HEAD", moved_on)

    refused = cookiecutter(archive)

    assert refused.returncode == 1
    assert _said_by_the_hook(refused) == (
        f"{archive} is no git repository, and a project made from it could not be updated: give Cookiecutter the "
        "address of the repository, or a clone of it."
    )
    assert _entries(place) == []


def test_folder_with_files_stays_as_it_is(
    cookiecutter: Program, moved_on: Path, place: Path
) -> None:
    write(place / "penguin-species/README.md", "mine\n")
    before = snapshot(place)

    refused = cookiecutter(moved_on, "--overwrite-if-exists")

    assert refused.returncode == 1
    assert _said_by_the_hook(refused) == (
        f"{place / 'penguin-species'} is not empty: name another folder, or empty this one."
    )
    assert snapshot(place) == before


def test_failure_empties_a_folder_that_was_there(
    cookiecutter: Program, moved_on: Path, place: Path, tmp_path: Path
) -> None:
    broken = shutil.copytree(moved_on, tmp_path / "broken")
    write(broken / "template/zzz.txt.jinja", "{{ no_such_answer }}")
    (place / "penguin-species").mkdir()

    refused = cookiecutter(broken, "--overwrite-if-exists")

    assert refused.returncode == 1
    assert "'no_such_answer' is undefined" in _said_by_the_hook(refused)
    assert _entries(place / "penguin-species") == []


def test_interruption_leaves_nothing(repository: Path, place: Path, tmp_path: Path) -> None:
    settings = tmp_path / "cookiecutter.yaml"
    settings.write_text(f"replay_dir: {tmp_path / 'replay'}\n")
    process = subprocess.Popen(
        [machine.tool("cookiecutter"), "--no-input", repository],
        cwd=place,
        env=machine.environment(COOKIECUTTER_CONFIG=str(settings)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    project = place / "penguin-species"
    while not (project.exists() and len(_entries(project)) > 1):
        assert process.poll() is None, "it ended before it could be interrupted"
        time.sleep(0.001)

    os.killpg(process.pid, signal.SIGINT)  # as a terminal does to all that run in it
    _, said = process.communicate(timeout=60)

    assert process.returncode == 1
    assert "Stopped." in said
    assert _entries(place) == []


@pytest.fixture
def without_copier(cookiecutter: Program, tmp_path: Path) -> Program:
    """Return a function that calls Cookiecutter where it has no Copier beside it, and PATH no uvx or pipx but stubs."""
    uvx = machine.require("uvx", "it runs Cookiecutter in an environment of its own")
    programs = tmp_path / "programs"
    programs.mkdir()
    for folder in map(Path, machine.environment()["PATH"].split(os.pathsep)):
        for program in folder.iterdir() if folder.is_dir() else ():
            link = programs / program.name
            if program.name not in ("uvx", "pipx") and not link.is_symlink():
                link.symlink_to(program)

    def called(source: Path, **stubs: str) -> subprocess.CompletedProcess[str]:
        for name, text in stubs.items():
            (programs / name).write_text(text)
            (programs / name).chmod(0o755)
        python = Path(sys.executable).resolve()
        path = ("/usr/bin/env", f"PATH={programs}")
        return cookiecutter(source, program=(*path, uvx, "--python", python, "cookiecutter"))

    return called


@pytest.mark.parametrize(
    ("runner", "arguments"),
    [("uvx", "--from copier>=9.10,<10 copier"), ("pipx", "run --spec copier>=9.10,<10 copier")],
)
def test_copier_that_is_not_there_is_run_through_uvx_or_pipx(
    without_copier: Program,
    by_copier: Callable[..., dict[str, tuple[bytes, int]]],
    moved_on: Path,
    place: Path,
    tmp_path: Path,
    runner: str,
    arguments: str,
) -> None:
    words = len(arguments.split())
    real = f'#!/bin/sh\necho "$@" > "{tmp_path}/called"\nshift {words}\nexec "{machine.tool("copier")}" "$@"\n'

    made = without_copier(moved_on, **{runner: real})

    assert made.returncode == 0, made.stderr
    assert (tmp_path / "called").read_text().startswith(f"{arguments} copy --defaults ")
    assert snapshot(_project(place)) == by_copier("defaults", str(moved_on), "HEAD")


def test_cookiecutter_run_by_uvx_runs_copier_by_uvx(
    cookiecutter: Program,
    by_copier: Callable[..., dict[str, tuple[bytes, int]]],
    moved_on: Path,
    place: Path,
) -> None:
    uvx = machine.require("uvx", "the documents say to use it")

    made = cookiecutter(moved_on, program=(uvx, "cookiecutter"))

    assert made.returncode == 0, made.stderr
    assert snapshot(_project(place)) == by_copier("defaults", str(moved_on), "HEAD")


def test_without_copier_uvx_and_pipx_one_line_says_what_to_install(
    without_copier: Program, moved_on: Path, place: Path
) -> None:
    refused = without_copier(moved_on)

    assert refused.returncode == 1
    assert _said_by_the_hook(refused) == (
        "Copier makes the project, and it is not here: install uv, or run `pip install 'copier>=9.10,<10'`, "
        "then try again."
    )
    assert _entries(place) == []


def _check(template: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, template / SCRIPT, "--check"], capture_output=True, text=True, check=False
    )


def _project(place: Path) -> Path:
    """Return the one folder that was made."""
    (made,) = (path for path in place.iterdir() if not path.is_symlink())
    return made


def _entries(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _said_by_the_hook(refused: subprocess.CompletedProcess[str]) -> str:
    """Return what was said before Cookiecutter or cruft told, in words of their own, that the hook had failed."""
    said, *rest = refused.stderr.splitlines()
    hook = re.compile(r"/tmp\w+\.py\b")  # the name under which it is run
    assert [line for line in rest if hook.search(line)] == []
    return said

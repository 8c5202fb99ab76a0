"""The commands of the runbooks do what their pages say, run as they are printed."""

import json
import os
import re
import shlex
import sqlite3
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path
from threading import Event, Thread

import pytest
from harness import bytecode, machine
from harness.command import run
from harness.databases import cluster
from harness.project import Project
from harness.servers import free_port, listening

PORT = 8000
"""The one that the pages name."""
BLOCK = re.compile(r"^ *```bash\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)

# As for the other tests that take port 8000 of this machine.
pytestmark = pytest.mark.xdist_group("pipeline and image")


def _commands(project: Project, page: str, heading: str) -> str:
    """Return the commands that a page prints below a heading."""
    text = (project.path / "docs/runbooks" / page).read_text(encoding="utf-8")
    [section] = re.findall(rf"^#+ {heading}\n(.*?)(?=^#+ |\Z)", text, re.MULTILINE | re.DOTALL)
    blocks = [
        re.sub(r"^   (?! )", "", block, flags=re.MULTILINE) for block in BLOCK.findall(section)
    ]
    assert blocks, f"{page} prints no commands below {heading}"
    return "\n".join(blocks)


def _type(commands: str, folder: Path, **variables: str) -> str:
    """Run commands as a person types them, and return what they printed."""
    typed = shlex.join(["bash", "-euo", "pipefail", "-c", commands])
    return run(typed, folder, timeout=600, **variables).stdout


@contextmanager
def _asking() -> Iterator[list[str]]:
    """Ask the service without a pause; the list grows by the id of each answer."""
    answered: list[str] = []
    ended = Event()

    def ask() -> None:
        address = f"http://127.0.0.1:{PORT}"
        with urllib.request.urlopen(f"{address}/openapi.json", timeout=10) as page:
            operation = json.load(page)["paths"]["/predict"]["post"]
        example = operation["requestBody"]["content"]["application/json"]["example"]
        while not ended.is_set():
            sent = urllib.request.Request(
                f"{address}/predict",
                data=json.dumps(example).encode(),
                headers={"Content-Type": "application/json"},
            )
            with urllib.request.urlopen(sent, timeout=10) as answer:
                answered.extend(one["id"] for one in json.load(answer)["predictions"])

    client = Thread(target=ask)
    client.start()
    try:
        yield answered
    finally:
        ended.set()
        client.join()


@contextmanager
def _asked(project: Project, log: Path, **variables: str) -> Iterator[list[str]]:
    """Run the service, and ask it without a pause."""
    command = [
        project.environment / "bin/uvicorn",
        *("--factory", f"{project.package}.serve.app:create_app", "--port", str(PORT)),
        *("--app-dir", str(project.path / "src"), "--no-server-header"),
    ]
    variables = {
        "MODEL_PATH": str(project.path / "models/model.onnx"),
        "PYTHONPATH": str(project.path / "src"),
        "STORE_SECONDS": "0.2",
        **variables,
    }
    with listening(command, PORT, log, **variables), _asking() as answered:
        yield answered


def _ids(store: Path) -> list[str]:
    with closing(sqlite3.connect(store)) as database:
        return [one for (one,) in database.execute("SELECT id FROM predictions ORDER BY id")]


@pytest.fixture
def used(project: Callable[..., Project], tmp_path: Path) -> Project:
    """A project with a champion, and a storage of its own."""
    copy = project("classification").copy(tmp_path / "project")
    copy.run(f"uv run dvc remote modify storage url {tmp_path}/storage")
    copy.commit("Name the storage")
    copy.run("uv run dvc push")
    copy.run("uv run poe register")
    copy.run("uv run poe promote")
    copy.run("uv run dvc push")
    copy.commit("Register the model")
    return copy


def test_project_and_its_predictions_come_back_from_what_was_saved_under_load(
    used: Project, tmp_path: Path
) -> None:
    own = {"UV_PROJECT_ENVIRONMENT": str(tmp_path / "environment")}
    _type("uv sync --quiet", used.path, **own)
    bytecode.lend(used.bytecode, tmp_path / "environment")
    store = f"sqlite:///{used.path}/data/served/predictions.db"
    with _asked(used, tmp_path / "service.log", STORE_URL=store) as answered:
        _until(answered, 200)
        before = len(answered)
        _type(_commands(used, "restore.md", "Back up"), used.path, **own)
        after = len(answered)
    assert after > before, "the service was not asked meanwhile"

    printed = _type(_commands(used, "restore.md", "Restore"), used.path, **own)

    restored = tmp_path / "restored"
    for name in ("models/model.onnx", "models/registry.yaml", "data/train.parquet", "dvc.lock"):
        assert (restored / name).read_bytes() == (used.path / name).read_bytes(), name
    came_back = _ids(restored / "data/served/predictions.db")
    # What was answered a moment before may still have waited in memory, as the service says.
    assert before * 0.5 < len(came_back) <= after
    assert set(came_back) <= set(_ids(used.path / "data/served/predictions.db"))
    assert f": {len(came_back):,}, from" in printed
    assert "champion" in printed


def test_version_and_commit_are_rolled_back_and_the_service_follows(
    used: Project, tmp_path: Path
) -> None:
    own = {"UV_PROJECT_ENVIRONMENT": str(used.environment), "UV_NO_SYNC": "1"}
    own |= {"PYTHONPATH": str(used.path / "src"), "PYTEST_ADDOPTS": "--no-cov tests/data"}
    champion, settings = used.path / "models/champion.onnx", used.path / "conf/model/logistic.yaml"
    used.run("uv run poe champion")
    first, right = champion.read_bytes(), settings.read_text(encoding="utf-8")
    settings.write_text(right.replace(" C: 1.0", " C: 0.9"), encoding="utf-8")
    config = used.path / "conf/config.yaml"
    config.write_text(
        config.read_text("utf-8").replace("- model: all", "- model: logistic"), "utf-8"
    )
    _type(
        _commands(used, "release.md", "A release").partition("uv run poe smoke")[0],
        used.path,
        **own,
    )
    used.commit("Choose another model")
    for command in ("register", "promote --force 'it is a drill'", "champion"):
        used.run(f"uv run poe {command}")
    used.commit("Make it the champion")
    assert champion.read_bytes() != first

    store = f"sqlite:///{used.path}/data/served/predictions.db"
    with _asked(
        used, tmp_path / "service.log", STORE_URL=store, MODEL_PATH=str(champion)
    ) as answered:
        seen = _type(_commands(used, "incident.md", "In the first five minutes"), used.path, **own)
        _type(_commands(used, "release.md", "A release").splitlines()[-1], used.path, **own)
        _type(_commands(used, "rollback.md", "The model is worse"), used.path, **own)
        assert champion.read_bytes() == first
        deadline = time.monotonic() + 20
        while sha256(first).hexdigest() not in _version():
            assert time.monotonic() < deadline, _version()
            time.sleep(0.2)
        before = len(answered)
        while len(answered) == before:
            assert time.monotonic() < deadline
    assert "model_refused 0.0" in seen
    assert "predictions_not_stored_total 0.0" in seen
    assert used.run("git status --porcelain --untracked-files=no").stdout == ""

    settings.write_text(right.replace(" C: 1.0", " C: 0.001"), encoding="utf-8")
    used.commit("Make a mistake")
    wrong = settings.read_text(encoding="utf-8")
    _type(_commands(used, "rollback.md", "The commit is wrong"), used.path, **own)
    assert settings.read_text(encoding="utf-8") != wrong


def test_store_in_postgresql_comes_back_into_an_empty_database(
    project: Callable[..., Project], tmp_path: Path
) -> None:
    served = project("classification")
    machine.require("pg_dump", "PostgreSQL's own program makes the copy")
    with cluster() as made, made.running(tmp_path / "postgres.log"):
        with _asked(served, tmp_path / "log", STORE_URL=made.address) as answered:
            _until(answered, 100)
        backup = f"uv run python -m {served.package}.backup"
        copy = tmp_path / "copy"
        empty = made.address.replace("/postgres", "/restored")
        saved = served.run(f"{backup} save 'store={made.address}' {copy}").stdout
        refused = served.run(f"{backup} restore 'store={made.address}' {copy}", check=False)
        served.run(f"psql {made.address} --command 'CREATE DATABASE restored'")
        served.run(f"{backup} restore 'store={empty}' {copy}")

        count = "uv run poe served"
        before, after = (served.run(count, STORE_URL=at).stdout for at in (made.address, empty))

    assert refused.returncode == 1
    assert "would be lost" in refused.stdout
    assert "se/cret" not in saved + refused.stdout
    assert "se%2Fcret" not in saved + refused.stdout
    assert f": {len(answered):,}, from" in before
    assert after == before.replace("/postgres", "/restored")


@pytest.mark.usefixtures("engine")
def test_store_of_a_container_comes_back_into_a_new_volume(
    project: Callable[..., Project], programs: Path, tmp_path: Path
) -> None:
    served = project("classification").copy(tmp_path / "project")
    own = {"COMPOSE_PROJECT_NAME": f"slipway-{free_port()}", "PORT": str(PORT)}
    own["IMAGE"] = own["COMPOSE_PROJECT_NAME"]
    own["PATH"] = f"{programs}{os.pathsep}{machine.environment()['PATH']}"
    count = f"docker compose exec --no-TTY api python -m {served.package}.serve.store"
    try:
        _type(f"docker build --quiet --tag {own['IMAGE']} .", served.path, **own)
        _type("docker compose up --no-build --wait api", served.path, **own)
        with _asking() as answered:
            _until(answered, 50)
            _type(_commands(served, "restore.md", "From a container"), served.path, **own)
        _type("docker compose down --volumes --timeout 5", served.path, **own)

        printed = _type(_commands(served, "restore.md", "Into a container"), served.path, **own)

        [rows] = re.findall(r"store: (\d+) rows in /data/predictions.db", printed)
        assert int(rows) >= 1
        # One row says which version the tables are of.
        assert f": {int(rows) - 1:,}, from" in _type(count, served.path, **own)
    finally:
        run("docker compose down --volumes --timeout 5", served.path, check=False, **own)
        run(f"docker image rm --force {own['IMAGE']}", served.path, check=False)


def _version() -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/version", timeout=10) as answer:
        return str(answer.read())


def _until(answered: list[str], number: int) -> None:
    deadline = time.monotonic() + 60
    while len(answered) < number:
        assert time.monotonic() < deadline, "the service does not answer"
        time.sleep(0.05)

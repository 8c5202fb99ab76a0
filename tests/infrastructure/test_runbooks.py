"""The commands of the runbooks do what their pages say, run as they are printed."""

import csv
import json
import os
import re
import shlex
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

import pytest
from harness import bytecode, machine
from harness.client import Client
from harness.command import run
from harness.databases import PASSWORD, cluster
from harness.edits import configure
from harness.load import Load, load
from harness.project import Project
from harness.prometheus import substituted
from harness.runbooks import printed_blocks, printed_commands, type_in
from harness.servers import free_port
from harness.service import api_key, serving
from harness.waiting import until

PORT = 8000
"""The one that the pages name."""
PARTS = ("From where the project lies", "Restore")
"""Headings of restore.md, below which the project is saved and brought back."""

# As for the other tests that take port 8000 of this machine.
pytestmark = pytest.mark.xdist_group("pipeline and image")


@contextmanager
def _asked(project: Project, log: Path, **variables: str) -> Iterator[Load]:
    """Run the service, and ask it without a pause."""
    with serving(project, PORT, log, STORE_SECONDS="0.2", **variables), load(PORT) as asked:
        yield asked


def _ids(store: Path) -> list[str]:
    with closing(sqlite3.connect(store)) as database:
        return [one for (one,) in database.execute("SELECT id FROM predictions ORDER BY id")]


@pytest.fixture
def used(
    project: Callable[..., Project], tmp_path: Path, request: pytest.FixtureRequest
) -> Project:
    """A project with a champion, and a storage of its own."""
    task = getattr(request, "param", "classification")
    copy = project(task).copy(tmp_path / "project")
    copy.run(f"uv run dvc remote modify storage url {tmp_path}/storage")
    copy.commit("Name the storage")
    copy.run("uv run dvc push")
    copy.run("uv run poe register")
    copy.run("uv run poe promote")
    copy.run("uv run dvc push")
    copy.commit("Register the model")
    return copy


def _own(project: Project) -> dict[str, str]:
    """Variables with which commands that are typed in a copy of a project run its code."""
    return {
        "UV_PROJECT_ENVIRONMENT": str(project.environment),
        "UV_NO_SYNC": "1",
        "PYTHONPATH": str(project.path / "src"),
    }


def test_project_and_its_predictions_come_back_from_what_was_saved_under_load(
    used: Project, tmp_path: Path
) -> None:
    own = {"UV_PROJECT_ENVIRONMENT": str(tmp_path / "environment")}
    type_in("uv sync --quiet", used.path, **own)
    bytecode.lend(used.bytecode, tmp_path / "environment")
    here = "sqlite:///data/served/predictions.db"
    # As the page says of a service that runs without a container.
    named = {"STORE_URL=none": f"STORE_URL={here}"}
    daily = printed_commands(used, "restore.md", "From where the project lies")
    store = f"sqlite:///{used.path}/data/served/predictions.db"
    with _asked(used, tmp_path / "service.log", STORE_URL=store) as asked:
        _until(asked, 200)
        before = len(asked.answers)
        type_in(printed_commands(used, "restore.md", "Back up"), used.path, **own)
        type_in(substituted(daily, **named), used.path, **own)
        after = len(asked.answers)
    assert after > before, "the service was not asked meanwhile"

    printed = type_in(
        substituted(printed_commands(used, "restore.md", "Restore"), **named)
        + "\nuv run poe served",
        used.path,
        **own,
    )

    restored = tmp_path / "restored"
    for name in ("models/model.onnx", "models/registry.yaml", "data/train.parquet", "dvc.lock"):
        assert (restored / name).read_bytes() == (used.path / name).read_bytes(), name
    came_back = _ids(restored / "data/served/predictions.db")
    # What was answered a moment before may still have waited in memory, as the service says.
    assert before * 0.5 < len(came_back) <= after
    assert set(came_back) <= set(_ids(used.path / "data/served/predictions.db"))
    assert f": {len(came_back):,}, from" in printed
    assert "champion" in printed


def test_store_that_is_elsewhere_is_left_out_and_no_empty_one_is_saved_in_its_place(
    project: Callable[..., Project], tmp_path: Path
) -> None:
    served = project("classification").copy(tmp_path / "project")
    commands = "\n".join(printed_commands(served, "restore.md", part) for part in PARTS)
    [save, restore] = re.findall(r"^.*poe (?:backup|restore) .*$", commands, re.MULTILINE)

    looked = served.run("uv run poe served", check=False)
    wrong = served.run(f"uv run poe backup {tmp_path}/wrong", check=False)
    printed = type_in(f"{save}\n{restore}", served.path, BACKUP=f"{tmp_path}/right", **_own(served))

    assert looked.returncode == 1
    assert "there is no store at sqlite:///data/served/predictions.db" in looked.stdout
    assert wrong.returncode == 1
    assert not (tmp_path / "wrong/SHA256SUMS").exists()
    assert printed.count("store: left out") == 2
    assert not (served.path / "data/served").exists()


def test_what_is_stored_of_one_person_is_counted_then_deleted_and_so_is_what_is_old(
    project: Callable[..., Project], tmp_path: Path
) -> None:
    served = project("classification").copy(tmp_path / "project")
    store = tmp_path / "predictions.db"
    own = _own(served) | {"STORE_URL": f"sqlite:///{store}"}
    with _asked(served, tmp_path / "log", STORE_URL=own["STORE_URL"]) as asked:
        _until(asked, 20)
    gone, *kept = asked.answered
    commands = printed_commands(
        served, "personal-data.md", "Delete what is stored of one person"
    ).splitlines()
    with closing(sqlite3.connect(store)) as database:
        [[features]] = database.execute("SELECT features FROM predictions WHERE id = ?", [gone])
    example = json.loads(features)

    by_id, by_values = (line for line in commands if line.startswith("uv run poe forget"))
    [shown] = re.findall(r"--ids (\S+)", by_id)
    by_id = substituted(by_id, **{shown: gone})
    names = re.findall(r"(\w+)=", by_values)
    assert set(names) <= example.keys()
    sent = " ".join(f"{name}={example[name]}" for name in names)
    by_values = by_values.partition("--where")[0] + f"--where {sent}"
    assert ": predictions 1, " in type_in(by_id, served.path, **own)
    assert len(_ids(store)) == len(asked.answers)
    assert ": predictions 1, " in type_in(f"{by_id} --delete", served.path, **own)
    assert set(_ids(store)) == set(kept)
    assert f": predictions {len(kept)}, " in type_in(by_values, served.path, **own)

    with closing(sqlite3.connect(store)) as database, database:
        database.execute("UPDATE predictions SET time = '2020-02-29' WHERE id = ?", [kept[0]])
    told = type_in(
        printed_commands(served, "personal-data.md", "Delete what is old"), served.path, **own
    )
    assert told.count(": predictions 1, ") == 2
    assert set(_ids(store)) == set(kept[1:])


def test_version_is_released_and_rolled_back_and_the_service_follows(
    used: Project, tmp_path: Path
) -> None:
    own = _own(used) | {"PYTEST_ADDOPTS": "--no-cov tests/data"}
    champion, settings = used.path / "models/champion.onnx", used.path / "conf/model/logistic.yaml"
    used.run("uv run poe champion")
    first, right = champion.read_bytes(), settings.read_text(encoding="utf-8")
    settings.write_text(right.replace(" C: 1.0", " C: 0.9"), encoding="utf-8")
    configure(used, "config.yaml", model="logistic")
    type_in(
        printed_commands(used, "release.md", "A release").partition("uv run poe smoke")[0],
        used.path,
        **own,
    )
    used.commit("Choose another model")
    for command in ("register", "promote --force 'it is a drill'", "champion"):
        used.run(f"uv run poe {command}")
    used.commit("Make it the champion")
    assert champion.read_bytes() != first

    store = f"sqlite:///{used.path}/data/served/predictions.db"
    with _asked(used, tmp_path / "service.log", STORE_URL=store, MODEL_PATH=str(champion)) as asked:
        type_in(
            printed_commands(used, "release.md", "A release").splitlines()[-1], used.path, **own
        )
        type_in(printed_commands(used, "rollback.md", "The model is worse"), used.path, **own)
        assert champion.read_bytes() == first
        until(lambda: sha256(first).hexdigest() in _version(), "the first model", seconds=20)
        _until(asked, len(asked.answers) + 1)
    assert used.run("git status --porcelain --untracked-files=no").stdout == ""


def test_commit_is_rolled_back_whether_it_was_merged_or_not(used: Project) -> None:
    own = _own(used)
    settings = used.path / "conf/model/logistic.yaml"
    before = settings.read_text(encoding="utf-8")
    wrong = substituted(before, **{" C: 1.0": " C: 0.001"})
    used.run("git switch --quiet --create mistake")
    settings.write_text(wrong, encoding="utf-8")
    used.commit("Make a mistake")
    used.run("git switch --quiet -")
    used.run("git merge --quiet --no-ff --message 'Merge a mistake' mistake")
    assert settings.read_text(encoding="utf-8") == wrong
    commands = printed_commands(used, "rollback.md", "The commit is wrong")

    assert "Merge a mistake" in type_in(commands, used.path, **own)
    assert settings.read_text(encoding="utf-8") == before

    used.commit("Run the pipeline")
    settings.write_text(wrong, encoding="utf-8")
    used.commit("Make it again, without a merge")
    type_in(commands.partition("uv run poe pipeline")[0], used.path, **own)
    assert settings.read_text(encoding="utf-8") == before


@dataclass(frozen=True)
class InPostgresql:
    """A project whose service has kept predictions in PostgreSQL, as the page of Compose prints its address."""

    project: Project
    store: str
    answered: list[str]
    administrator: str
    """The address of who may make roles and databases."""


@pytest.fixture(scope="module")
def in_postgresql(
    project: Callable[..., Project], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[InPostgresql]:
    folder = tmp_path_factory.mktemp("postgresql")
    served = project("classification").copy(folder / "project")
    machine.require("pg_dump", "PostgreSQL's own program makes the copy")
    with cluster() as made, made.running(folder / "postgres.log"):
        # The database and its owner are those of the container that compose.yaml has.
        page = (served.path / "docs/options/deployment-compose.md").read_text(encoding="utf-8")
        [printed] = re.findall(r"^STORE_URL=(\S+) uv run poe served$", page, re.MULTILINE)
        chosen = {"choose-one": quote(PASSWORD, safe=""), ":5432/": f":{made.port}/"}
        store = substituted(printed, **chosen)
        _ask(made.address, f"CREATE ROLE served LOGIN PASSWORD '{PASSWORD}'")
        _ask(made.address, "CREATE DATABASE served OWNER served")
        with _asked(served, folder / "log", STORE_URL=store) as asked:
            _until(asked, 100)
        yield InPostgresql(served, store, list(asked.answered), made.address)


def test_store_in_postgresql_is_saved_as_the_page_says_and_comes_back_into_an_empty_database(
    in_postgresql: InPostgresql, tmp_path: Path
) -> None:
    served, store = in_postgresql.project, in_postgresql.store
    commands = "\n".join(printed_commands(served, "restore.md", part) for part in PARTS)
    [save, restore] = re.findall(r"^.*poe (?:backup|restore) .*$", commands, re.MULTILINE)
    named = {"STORE_URL=none": 'STORE_URL="$STORE"'}
    save, restore = substituted(save, **named), substituted(restore, **named)
    own = _own(served) | {"BACKUP": str(tmp_path / "copy")}
    _ask(in_postgresql.administrator, "CREATE DATABASE restored OWNER served")
    empty = f"{store.removesuffix('/served')}/restored"

    saved = type_in(save, served.path, STORE=store, **own)
    with pytest.raises(AssertionError, match="would be lost") as refused:
        type_in(restore, served.path, STORE=store, **own)
    type_in(restore, served.path, STORE=empty, **own)

    told, came_back = (
        served.run("uv run poe served", STORE_URL=at).stdout for at in (store, empty)
    )
    assert ", from" in told
    assert came_back == told.replace("/served: ", "/restored: ")
    for secret in ("se/cret", "se%2Fcret"):
        assert secret not in saved + str(refused.value)


def test_monitor_looks_at_a_store_in_postgresql_with_the_rights_that_its_runbook_names(
    in_postgresql: InPostgresql,
) -> None:
    store = in_postgresql.store
    _ask(in_postgresql.administrator, "CREATE ROLE watcher LOGIN PASSWORD 'also/chosen'")
    _ask(store, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO watcher")
    _ask(store, "GRANT INSERT ON monitoring TO watcher")
    watcher = re.sub("//.*@", "//watcher:also%2Fchosen@", store)

    looked = in_postgresql.project.run("uv run poe monitor", STORE_URL=watcher).stdout

    assert f"{int(_ask(store, 'SELECT count(*) FROM predictions')):,}" in looked
    assert _ask(store, "SELECT count(*) FROM monitoring") == "1"


def test_what_is_stored_of_one_person_is_deleted_from_postgresql(
    in_postgresql: InPostgresql,
) -> None:
    project, store = in_postgresql.project, in_postgresql.store
    before = int(_ask(store, "SELECT count(*) FROM predictions"))

    forgetting = f"uv run poe forget --delete --ids {' '.join(in_postgresql.answered[:2])}"
    told = project.run(forgetting, STORE_URL=store).stdout

    assert ": predictions 2, " in told
    assert _ask(store, "SELECT count(*) FROM predictions") == str(before - 2)


def _ask(address: str, statement: str) -> str:
    """Have PostgreSQL do something, and return what it says."""
    return run(
        shlex.join(["psql", address, "--quiet", "--no-align", "--tuples-only", "-c", statement]),
        machine.ROOT,
    ).stdout.strip()


@dataclass(frozen=True)
class Contained:
    """A project whose service runs in a container, as its page says, and answers who has a key."""

    project: Project
    key: str
    variables: dict[str, str]

    @property
    def client(self) -> Client:
        """What asks it."""
        return Client(PORT, self.key)

    def type(self, commands: str, answers: str = "") -> str:
        """Run commands there; `answers` is what the person types when they ask."""
        return type_in(commands, self.project.path, answers, **self.variables)

    def do(self, page: str, heading: str) -> str:
        """Run what a page prints below a heading."""
        return self.type(printed_commands(self.project, page, heading))


@pytest.fixture
def contained(engine: None, used: Project, programs: Path) -> Iterator[Contained]:
    key, line = api_key(used, "tester")
    name = f"slipway-{free_port()}"
    own = _own(used) | {"COMPOSE_PROJECT_NAME": name, "IMAGE": name, "API_KEYS": line}
    own["PATH"] = f"{programs}{os.pathsep}{machine.environment()['PATH']}"
    try:
        type_in(f"docker build --quiet --tag {name} .", used.path, **own)
        type_in("docker compose up --no-build --wait api", used.path, **own)
        yield Contained(used, key, own)
    finally:
        run("docker compose down --volumes --timeout 5", used.path, check=False, **own)
        run(f"docker image rm --force {name}", used.path, check=False)


@pytest.mark.parametrize("used", ["classification"], indirect=True)
def test_store_of_a_container_comes_back_into_a_new_volume(contained: Contained) -> None:
    with load(PORT, key=contained.key) as asked:
        _until(asked, 50)
        contained.do("restore.md", "From a container")
    contained.type("docker compose down --volumes --timeout 5")

    printed = contained.do("restore.md", "Into a container")

    [rows] = re.findall(r"store: (\d+) rows in /data/predictions.db", printed)
    assert int(rows) >= 1
    # One row says which version the tables are of.
    assert f": {int(rows) - 1:,}, from" in printed


@pytest.mark.parametrize("used", ["regression"], indirect=True)
def test_alerts_and_incidents_of_a_container_are_looked_into_and_a_worse_model_is_replaced(
    contained: Contained,
) -> None:
    project = contained.project
    _tell_outcomes(contained)

    look, ask = printed_blocks(project, "incident.md", "In the first five minutes")
    seen = contained.type(look)
    assert "predictions in sqlite:////data/predictions.db: " in seen
    assert '"route":"/predict","status":200' in seen
    told = contained.type(ask, contained.key)
    assert _champion(project) in told
    assert "model_refused 0.0" in told
    assert "predictions_not_stored_total 0.0" in told
    with pytest.raises(AssertionError, match="/version answered 401"):
        contained.type(ask)

    assert "Register the model" in contained.do("alerts.md", "Runbook: alerts")
    assert "with an outcome: " in contained.do("alerts.md", "DiskNearlyFull")
    contained.do("alerts.md", "ServiceDown")
    contained.client.ask_example()

    before = _champion(project)
    configure(project, "data/file.yaml", more="data/labelled/*.parquet")
    told = contained.do("alerts.md", "PerformanceWorse")
    assert "version 2 is the champion" in told
    assert "rows that neither has learned from" in told
    assert _champion(project) != before
    assert project.run("git status --porcelain").stdout == ""
    assert "not in cache" not in project.run("uv run dvc status --cloud").stdout
    assert "data/labelled.dvc" in project.run("git ls-files").stdout


def _tell_outcomes(contained: Contained) -> None:
    """Have it predict the example's penguins, and tell it that they weigh more than they did."""
    with (contained.project.path / "data/raw/penguins.csv").open(encoding="utf-8") as file:
        known = [row for row in csv.DictReader(file) if "NA" not in row.values()]
    # The season is no feature, and the service refuses what it does not know.
    others = ("body_mass_g", "year")
    rows = [
        {
            name: float(value) if name.endswith("_mm") else value
            for name, value in row.items()
            if name not in others
        }
        for row in known
    ]
    asked = contained.client.post("/predict", {"rows": rows})["predictions"]
    told = [
        {"id": entry["id"], "outcome": float(row["body_mass_g"]) + 800}
        for entry, row in zip(asked, known, strict=True)
    ]
    contained.client.post("/feedback", {"outcomes": told})


def _champion(project: Project) -> str:
    """Return the SHA-256 of the champion's model."""
    return sha256((project.path / "models/champion.onnx").read_bytes()).hexdigest()


def _version() -> str:
    return str(Client(PORT).get("/version"))


def _until(asked: Load, number: int) -> None:
    until(lambda: len(asked.answers) >= number, f"answer {number} of the service")

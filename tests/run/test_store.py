"""What the service answers is stored, whatever ends it or befalls the database; no request waits for that."""

import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Timer

import pytest
from harness import machine
from harness.client import Client
from harness.databases import Cluster, cluster
from harness.load import Load, load
from harness.project import Project
from harness.servers import free_port
from harness.service import serving, stored_ids
from harness.waiting import until

CLIENTS = 3
WINDOW = 0.5  # seconds that rows may wait, as the services of these tests are told
REFUSED = """
from psycopg import connect
from {package}.serve.settings import settings
from {package}.serve.store.ids import request_id
from {package}.serve.store.reading import batches
from {package}.serve.store.records import Answered
from {package}.serve.store.database import Database
from {package}.serve.store.store import Store

place, _, name = settings().store_url.rpartition("/")
with connect(f"{place}/postgres", autocommit=True) as server:
    server.execute(f"CREATE DATABASE {name} ENCODING LATIN1 LOCALE 'C' TEMPLATE template0")
store = Store(settings())
texts = ["plain", "caf\u00e9", "\u65e5\u672c", *["more"] * 20]
for text in texts:
    entry = {"id": f"{request_id()}-0", "prediction": 1.0}
    store.keep(Answered("m", [{"text": text}], [entry]))
store._write()
kept = [row["features"]["text"] for batch in batches(Database(settings().store_url)) for row in batch]
print(sorted(set(texts) - set(kept)), len(kept), store.refused["predictions"], ascii(kept[:2]))
"""


@dataclass(frozen=True)
class Service:
    """A running service, and what its clients are answered."""

    process: subprocess.Popen[bytes]
    log: Path
    asked: Load

    def end(self, how: signal.Signals) -> None:
        """Send the signal and wait until the service has ended."""
        self.asked.over.set()
        self.process.send_signal(how)
        self.process.wait(timeout=30)


@pytest.fixture(scope="module")
def served(project: Callable[[str], Project]) -> Project:
    return project("classification")


@pytest.fixture(scope="module")
def databases() -> Iterator[Cluster]:
    with cluster() as made:
        yield made


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the address of an empty store."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/served/predictions.db"
        return
    databases: Cluster = request.getfixturevalue("databases")
    with databases.running(tmp_path / "postgres.log"):
        yield databases.address


def test_what_was_answered_is_stored_after_a_request_to_end(
    served: Project, tmp_path: Path, store: str
) -> None:
    with _asked(served, tmp_path, store) as service:
        _until(service, 300)
        service.end(signal.SIGTERM)

    assert service.process.returncode in (0, -signal.SIGTERM)
    assert service.asked.answered.keys() <= stored_ids(served, store)


def test_a_kill_loses_no_more_than_the_window(served: Project, tmp_path: Path, store: str) -> None:
    with _asked(served, tmp_path, store) as service:
        _until(service, 300)
        time.sleep(2 * WINDOW)
        killed = time.monotonic()
        service.end(signal.SIGKILL)
    early = {
        name
        for name, when in service.asked.answered.items()
        if when < killed - 2 * WINDOW  # writing takes time, too
    }

    assert early
    assert early <= stored_ids(served, store)
    if store.startswith("sqlite"):
        with closing(sqlite3.connect(store.removeprefix("sqlite:///"))) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    with _asked(served, tmp_path, store) as again:
        _until(again, 10)
        again.end(signal.SIGTERM)
    assert early | again.asked.answered.keys() <= stored_ids(served, store)


def test_several_processes_share_one_sqlite_file(served: Project, tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/predictions.db"

    with _asked(served, tmp_path, store, "--workers=3") as service:
        _until(service, 300)
        service.end(signal.SIGTERM)

    assert service.asked.answered.keys() <= stored_ids(served, store)
    assert "cannot be used" not in service.log.read_text(encoding="utf-8")


def test_of_services_that_share_a_server_one_may_go_and_another_takes_its_outcomes(
    served: Project, tmp_path: Path, databases: Cluster
) -> None:
    ports, store = (free_port(), free_port()), databases.address
    settings = {"STORE_URL": store, "STORE_SECONDS": str(WINDOW)}
    first, second = (Client(port) for port in ports)
    with databases.running(tmp_path / "postgres.log"):
        with ExitStack() as running:
            going, staying = (
                running.enter_context(serving(served, port, tmp_path / f"{port}.log", **settings))
                for port in ports
            )
            [known] = first.post("/predict", first.example("/predict"))["predictions"]
            going.terminate()
            going.wait(timeout=30)
            [told] = second.example("/feedback")["outcomes"]
            second.post("/feedback", {"outcomes": [told | {"id": known["id"]}]})
            [other] = second.post("/predict", second.example("/predict"))["predictions"]
            staying.terminate()
            staying.wait(timeout=30)
        said = served.run(f"uv run python -m {served.package}.serve.store", STORE_URL=store).stdout
        stored = stored_ids(served, store)

    assert {known["id"], other["id"]} <= stored
    # Nobody told outcomes of what other tests keep there.
    assert "with an outcome: 1," in said


def test_requests_do_not_wait_for_a_locked_file_but_the_end_of_the_service_does(
    served: Project, tmp_path: Path
) -> None:
    store = f"sqlite:///{tmp_path}/predictions.db"

    with _asked(served, tmp_path, store) as service:
        _until(service, 10)
        # Its lock is given back by another thread.
        file = tmp_path / "predictions.db"
        with closing(sqlite3.connect(file, check_same_thread=False)) as other:
            other.execute("BEGIN IMMEDIATE")
            before = len(service.asked.answers)
            time.sleep(4 * WINDOW)
            during = len(service.asked.answers) - before
            Timer(2 * WINDOW, other.rollback).start()
            service.end(signal.SIGTERM)

    assert during > 100
    assert max(answer.seconds for answer in service.asked.answers) < 2 * WINDOW
    assert service.asked.answered.keys() <= stored_ids(served, store)


def test_an_outage_of_the_server_fails_no_request_and_loses_nothing(
    served: Project, tmp_path: Path, databases: Cluster
) -> None:
    with ExitStack() as until_the_end:
        with databases.running(tmp_path / "first.log"):
            service = until_the_end.enter_context(_asked(served, tmp_path, databases.address))
            _until(service, 100)
        before = len(service.asked.answers)
        time.sleep(4 * WINDOW)
        during = len(service.asked.answers) - before
        with databases.running(tmp_path / "second.log"):
            _until(service, len(service.asked.answers) + 100)
            service.end(signal.SIGTERM)
            stored = stored_ids(served, databases.address)

    assert during > 100
    assert service.asked.broken == service.asked.refused == []
    assert service.asked.answered.keys() <= stored
    said = service.log.read_text(encoding="utf-8")
    assert said.count("cannot be used") == 1
    assert said.count("can be used again") == 1
    assert "cret" not in said


def test_a_text_that_the_encoding_of_the_server_lacks_is_given_up_alone_and_not_logged(
    served: Project, tmp_path: Path, databases: Cluster
) -> None:
    store = databases.address.removesuffix("/postgres") + "/latin"

    with databases.running(tmp_path / "postgres.log"):
        ran = subprocess.run(
            [served.environment / "bin/python", "-c", REFUSED.replace("{package}", served.package)],
            cwd=served.path,
            env=_environment(served, store),
            capture_output=True,
            text=True,
            check=False,
        )

    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == "['日本'] 22 1 ['plain', 'caf\\xe9']\n"
    assert "1 rows of predictions (UntranslatableCharacter), so they are given up" in ran.stderr
    assert "日本" not in ran.stderr
    assert "65e5" not in ran.stderr


@contextmanager
def _asked(project: Project, folder: Path, store: str, *options: str) -> Iterator[Service]:
    """Start a service, and clients that ask it until it ends."""
    port, log = free_port(), folder / "service.log"
    settings = {"STORE_URL": store, "STORE_SECONDS": str(WINDOW)}
    with (
        serving(project, port, log, "--log-level", "warning", *options, **settings) as process,
        load(port, CLIENTS) as asked,
    ):
        yield Service(process, log, asked)


def _until(service: Service, count: int) -> None:
    """Wait until so many predictions have been answered."""

    def enough() -> bool:
        wrong = [*service.asked.broken, *service.asked.refused]
        is_well = service.process.poll() is None and not wrong
        assert is_well, f"{wrong} {service.log.read_text(encoding='utf-8')}"
        return len(service.asked.answers) >= count

    until(enough, f"{count} answers", pause=0.05)


def _environment(project: Project, store: str) -> dict[str, str]:
    source = str(project.path / "src")
    return machine.environment(STORE_URL=store, STORE_SECONDS=str(WINDOW), PYTHONPATH=source)

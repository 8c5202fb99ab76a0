"""The service is held under load while all that may happen to it in production happens, one thing after another."""

import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
from harness import machine
from harness.client import Client
from harness.databases import cluster
from harness.load import Load, load
from harness.project import Project
from harness.servers import free_port
from harness.service import serving, stored_ids
from harness.waiting import until

SECONDS = float(os.environ.get("LOAD_SECONDS", "10"))
"""Of each of the two runs; 60 makes two minutes of load."""
PHASES = ("alone", "swap", "rollback", "killed worker", "store lost", "store back")
WORKERS, CLIENTS = 2, 8
WINDOW = 0.1  # seconds that rows may wait before they are written, as is the default
PATIENCE = 20.0  # seconds until something must have happened

Outage = Callable[[], Iterator[None]]


@pytest.fixture(scope="module")
def models(
    project: Callable[..., Project], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Project, list[bytes]]:
    """Return a project, its model, and another one for the same rows."""
    made = project("classification").copy(tmp_path_factory.mktemp("load") / "project")
    served = made.path / "models/model.onnx"
    first = served.read_bytes()
    made.run(f"uv run python -m {made.package} train model=logistic")
    return made, [first, served.read_bytes()]


@contextmanager
def full_disk(folder: Path) -> Iterator[tuple[str, Outage]]:
    """Give a store on a small disk of its own, and what fills that disk."""
    if os.geteuid() != 0:
        machine.leave_out("only root may mount a disk that can be filled")
    disk, filler = folder / "disk", folder / "disk/filler"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256m", "tmpfs", disk], check=True)

    @contextmanager
    def full() -> Iterator[None]:
        with filler.open("wb", buffering=0) as stream:
            for size in (1 << 20, 1 << 10, 1):
                with suppress(OSError):
                    while stream.write(b"\0" * size):
                        pass
        yield
        filler.unlink()

    try:
        yield f"sqlite:///{disk}/predictions.db", full
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


@contextmanager
def lost_database(folder: Path) -> Iterator[tuple[str, Outage]]:
    """Give a store in PostgreSQL, and what stops the server."""
    with cluster() as databases, ExitStack() as running:
        running.enter_context(databases.running(folder / "postgres.log"))

        @contextmanager
        def stopped() -> Iterator[None]:
            running.close()
            yield
            running.enter_context(databases.running(folder / "postgres-again.log"))

        yield databases.address, stopped


@pytest.mark.parametrize("outage", [full_disk, lost_database])
def test_load_is_answered_whatever_happens(
    models: tuple[Project, list[bytes]], tmp_path: Path, outage: Callable[..., Outage]
) -> None:
    project, (first, second) = models
    log = tmp_path / "service.log"
    with outage(tmp_path) as (store, lost):
        with served(project, tmp_path, store, first) as port, load(port, CLIENTS) as asked:
            started = time.monotonic()
            happened = [started]

            def last(phase: int) -> None:
                time.sleep(max(0.0, started + SECONDS * phase / len(PHASES) - time.monotonic()))
                happened.append(time.monotonic())

            last(1)
            replace(tmp_path / "model.onnx", second)
            last(2)
            replace(tmp_path / "model.onnx", first)
            last(3)
            killed = time.monotonic()
            os.kill(worker(port), signal.SIGKILL)
            last(4)
            with lost():
                last(5)
                said(log, "cannot be used")
            last(6)
            said(log, "can be used again")
        stored = stored_ids(project, store)

    gone = {name: when for name, when in asked.answered.items() if name not in stored}
    report(asked, happened, gone)
    assert asked.refused == []
    assert len(asked.broken) <= CLIENTS, "only the connections of the worker that was killed"
    assert all(killed <= when < happened[4] for when, _ in asked.broken)
    # The worker that was killed had these in its memory; writing takes time, too.
    assert all(killed - 1 - 2 * WINDOW < when < killed + 1 for when in gone.values())
    by_model = Counter(answer.model for answer in asked.answers)
    assert len(by_model) == 2
    assert min(by_model.values()) > 100


@contextmanager
def served(project: Project, folder: Path, store: str, model: bytes) -> Iterator[int]:
    """Run the service in several processes, on a model of its own."""
    replace(folder / "model.onnx", model)
    port = free_port()
    protocol = f"{project.package}.serve.guard.protocol:Protocol"
    options = ["--http", protocol, "--workers", str(WORKERS)]
    settings = {
        "MODEL_PATH": str(folder / "model.onnx"),
        "MODEL_CHECK_SECONDS": "0.3",
        "STORE_URL": store,
        "STORE_SECONDS": str(WINDOW),
    }
    with serving(project, port, folder / "service.log", *options, **settings):
        for _ in range(10 * WORKERS):  # then every one of them answers
            Client(port).get("/health/ready")
        yield port


def replace(path: Path, content: bytes) -> None:
    """Put a file in place of another at once."""
    beside = path.with_suffix(".part")
    beside.write_bytes(content)
    beside.replace(path)


def worker(port: int) -> int:
    """Return the process id of a worker of the service that listens on a port."""
    listed = subprocess.run(
        ["pgrep", "--full", "--", f"--port {port} "], capture_output=True, check=True
    )
    [parent] = listed.stdout.split()
    children = subprocess.run(
        ["pgrep", "--parent", parent.decode(), "--full", "spawn_main"],
        capture_output=True,
        check=True,
    )
    return int(children.stdout.split()[-1])


def said(log: Path, what: str) -> None:
    """Wait until the log of the service says something."""
    until(lambda: what in log.read_text(encoding="utf-8"), f"'{what}' in {log}", seconds=PATIENCE)


def report(asked: Load, happened: list[float], gone: dict[str, float]) -> None:
    """Print the figures, which pytest shows with -s."""
    print(f"\n{'':16}{'answered':>10}{'broken':>8}{'lost':>8}{'p99 ms':>8}{'slowest':>9}")
    for phase, begin, end in zip(PHASES, happened, happened[1:], strict=False):
        waits = sorted(one.seconds for one in asked.answers if begin <= one.when < end)
        broken = sum(begin <= when < end for when, _ in asked.broken)
        lost = sum(begin <= when < end for when in gone.values())
        slow = [1000 * waits[place] for place in (int(0.99 * len(waits)), -1)]
        print(f"{phase:16}{len(waits):>10}{broken:>8}{lost:>8}{slow[0]:>8.1f}{slow[1]:>9.1f}")

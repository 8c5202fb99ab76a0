"""Servers that a test starts for itself, on a port that is free."""

import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from harness import machine


def free_port() -> int:
    """Return a port on which nothing listens yet."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def listening(
    command: Sequence[str | Path], port: int, log: Path, *, patience: float = 60, **variables: str
) -> Iterator[None]:
    """Run a server until the block ends; the block starts when something answers on its port.

    Raises AssertionError with the server's log if it ends early or `patience` (seconds) runs out.
    """
    with log.open("w", encoding="utf-8") as stream:
        server = subprocess.Popen(
            command,
            cwd=log.parent,
            env=machine.environment(**variables),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + patience
        while not _answers(port):
            ended = server.poll() is not None
            if ended or time.monotonic() > deadline:
                raise AssertionError(
                    f"{command[0]} {'ended' if ended else 'is mute'}: {log.read_text()}"
                )
            time.sleep(0.1)
        yield
    finally:
        server.terminate()
        try:
            server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0

"""Servers that a test starts for itself, on a port that is free."""

import json
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from harness import machine


def free_port() -> int:
    """Return a port on which nothing listens yet."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def listening(
    command: Sequence[str | Path],
    port: int,
    log: Path,
    *,
    patience: float = 60,
    user: str | None = None,
    **variables: str,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the block ends; the block starts when something answers on its port.

    Yields the server's process.

    A `user` that is given runs it in place of us, as servers want that refuse to run as root.

    Raises AssertionError with the server's log if it ends early or `patience` (seconds) runs out.
    """
    with log.open("w", encoding="utf-8") as stream:
        server = subprocess.Popen(
            command,
            cwd=log.parent,
            env=machine.environment(**variables),
            user=user,
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
        yield server
    finally:
        server.terminate()
        try:
            server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


@dataclass(frozen=True)
class Request:
    """What somebody asked of a server of ours."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any


@dataclass
class Heard:
    """A server that writes down what it is asked, and answers with what it was told to say."""

    address: str
    answer: Any = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)


@contextmanager
def hearing(host: str = "127.0.0.1") -> Iterator[Heard]:
    """Run a server that takes JSON and answers with JSON, until the block ends; `host` says who reaches it."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = json.loads(self.rfile.read(length)) if length else None
            heard.requests.append(Request(self.command, self.path, dict(self.headers), body))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(heard.answer).encode())

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, *_: Any) -> None:
            """Keep quiet: the requests are written down."""

    server = ThreadingHTTPServer((host, 0), Handler)
    heard = Heard(f"http://{host}:{server.server_port}")
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield heard
    finally:
        server.shutdown()
        server.server_close()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0

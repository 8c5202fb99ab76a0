"""The running service stays up and polite, whatever it is sent."""

import http.client
import os
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from harness import machine
from harness.client import Client
from harness.command import run
from harness.project import Project
from harness.prometheus import substituted
from harness.servers import free_port, listening
from harness.service import api_key, serving
from harness.variants import TASKS

EXAMPLES = os.environ.get("SCHEMATHESIS_EXAMPLES", "40")
"""Of each operation; 2000 take some minutes."""
# In an environment of its own: it brings thirty libraries. The day is that of pyproject.toml.
SCHEMATHESIS = "uvx --exclude-newer 2026-11-20 schemathesis@4.32.5"
SECONDS = 2
"""The longest that a request may take."""


LISTS = {
    task: {"/predict": name, "/explain": name, "/feedback": "outcomes"}
    for task in TASKS
    for name in ["history" if task == "forecasting" else "rows"]
}
"""The list in the body of a request, by task and path."""


@dataclass(frozen=True)
class Service:
    """A service of a task that wants a key."""

    task: str
    port: int
    key: str
    process: int

    def answer(self, *parts: bytes) -> bytes:
        """Send these bytes, and return all that comes until the server hangs up."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            for part in parts:
                connection.sendall(part)
            connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.fixture(scope="module", params=TASKS)
def service(
    request: pytest.FixtureRequest,
    project: Callable[..., Project],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Service]:
    served, folder, port = (
        project(request.param),
        tmp_path_factory.mktemp("service"),
        free_port(),
    )
    key, line = api_key(served, "tester")
    protocol = f"{served.package}.serve.guard.protocol:Protocol"
    options = ["--http", protocol, "--no-server-header"]
    settings = {"API_KEYS": line, "LONGEST_REQUEST_SECONDS": str(SECONDS)}
    with serving(served, port, folder / "log", *options, **settings) as process:
        yield Service(request.param, port, key, process.pid)


def test_no_request_that_can_be_thought_of_breaks_the_service(
    service: Service, tmp_path: Path
) -> None:
    machine.require("uvx", "it brings schemathesis")
    # A schema cannot say how far the dates of a history must reach.
    unsaid = "--exclude-checks positive_data_acceptance" if service.task == "forecasting" else ""

    told = run(
        f"{SCHEMATHESIS} run http://127.0.0.1:{service.port}/openapi.json --checks all {unsaid} "
        f"--header 'Authorization: Bearer {service.key}' --max-examples {EXAMPLES} --no-color",
        tmp_path,
    ).stdout

    print(told)
    [(generated, passed)] = re.findall(r"(\d+) generated, (\d+) passed", told)
    assert int(generated) == int(passed) > int(EXAMPLES)


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: x",
        b"Content-Length: -1",
        b"Content-Length: 3\r\nContent-Length: 4",
        b"Content-Length: " + b"9" * 5000,
        b"Content-Length: 99999999999999",
        b"Transfer-Encoding: gzip",
        b"Content-Encoding: gzip\r\nContent-Length: 2",
        b"Content-Type: \xff\xfe\r\nContent-Length: 2",
        b"X-Request-ID: \xff\xfe\r\nContent-Length: 2",
        b"X: " + b"x" * 100_000,
        b"Expect: nothing\r\nContent-Length: 2",
        b"Upgrade: websocket\r\nConnection: upgrade\r\nContent-Length: 2",
    ],
    ids=lambda head: head[:40].decode(errors="replace"),
)
def test_headers_that_make_no_sense_are_no_failure(service: Service, head: bytes) -> None:
    first = b"POST /predict HTTP/1.1\r\nHost: here\r\nConnection: close\r\n"
    key = b"Authorization: Bearer " + service.key.encode() + b"\r\n"

    answer = service.answer(first + key + head + b"\r\n\r\n{}")

    assert re.match(rb"HTTP/1.1 4\d\d ", answer), answer
    assert b"\r\nserver:" not in answer


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells the peak")
def test_no_request_of_the_size_that_is_allowed_takes_the_memory_of_the_container(
    service: Service,
) -> None:
    bodies = [
        '{"LIST":[{"a":[' + ",".join(["[]"] * 1_600_000) + "]}]}",
        '{"LIST":[{' + ",".join(f'"{number}":1' for number in range(460_000)) + "}]}",
        '{"LIST":[' + ",".join(["{}"] * 1_600_000) + "]}",
    ]
    before = _most_memory(service.process)

    for path, name in LISTS[service.task].items():
        for body in bodies:
            content = body.replace("LIST", name).encode()
            head = (
                f"POST {path} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n"
                f"Authorization: Bearer {service.key}\r\nContent-Length: {len(content)}\r\n\r\n"
            )
            assert service.answer(head.encode(), content).startswith(b"HTTP/1.1 422 ")

    # compose.yaml and the Deployment give a container 512 MB, of which the service takes a quarter by itself.
    assert _most_memory(service.process) - before < 250


def _most_memory(process: int) -> float:
    """Return the most memory that a process had at any time, in MB."""
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    [kilobytes] = re.findall(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    return int(kilobytes) / 1000


def test_client_that_trickles_its_request_is_cut_off(service: Service) -> None:
    first = b"POST /predict HTTP/1.1\r\nHost: here\r\nContent-Length: 1000\r\n"
    key = b"Authorization: Bearer " + service.key.encode() + b"\r\n\r\n"
    before = time.monotonic()

    with socket.create_connection(("127.0.0.1", service.port), timeout=0.2) as connection:
        connection.sendall(first + key)
        answer = b""
        while not answer and time.monotonic() - before < 10 * SECONDS:
            connection.sendall(b" ")
            try:
                answer = connection.recv(65536)
            except TimeoutError:
                continue

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert SECONDS - 0.5 < time.monotonic() - before < 3 * SECONDS


@pytest.mark.parametrize("service", ["classification"], indirect=True)
def test_proxy_of_the_page_speaks_tls_and_keeps_back_what_needs_no_key(
    service: Service, project: Callable[..., Project], tmp_path: Path
) -> None:
    machine.require("caddy", "it ends TLS in front of the service")
    page = project(service.task).path / "docs/options/serving-api.md"
    [printed] = re.findall(r"```caddyfile\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    [own] = re.findall(r"`(tls \S+ \S+)`", page.read_text("utf-8"))
    port = free_port()
    settings = substituted(
        printed,
        **{
            "predictions.example.org": f"localhost:{port}",
            "127.0.0.1:8000": f"127.0.0.1:{service.port}\n  {own}",
        },
    )
    # A machine that others use, too: nothing is to listen but the proxy.
    alone = "{\n  admin off\n  auto_https disable_redirects\n}\n"
    (tmp_path / "Caddyfile").write_text(alone + settings, encoding="utf-8")
    run(
        "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -addext subjectAltName=DNS:localhost "
        "-keyout key.pem -out certificate.pem",
        tmp_path,
    )
    trusting = ssl.create_default_context(cafile=str(tmp_path / "certificate.pem"))

    def ask(path: str, key: str = "") -> tuple[int, Any]:
        asking = http.client.HTTPSConnection("localhost", port, timeout=10, context=trusting)
        asking.request("GET", path, headers={"Authorization": f"Bearer {key}"} if key else {})
        answer = asking.getresponse()
        return answer.status, answer.headers

    command = ["caddy", "run", "--config", "Caddyfile"]
    with listening(command, port, tmp_path / "log", HOME=str(tmp_path)):
        status, headers = ask("/version", service.key)
        assert status == 200
        assert "Strict-Transport-Security" in headers
        assert ask("/version")[0] == 401
        assert [ask(path)[0] for path in ("/metrics", "/health/ready", "/health/live")] == [404] * 3
        assert Client(port=service.port).get("/health/ready")

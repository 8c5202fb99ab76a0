"""Clients who ask a service for one prediction again and again, and what they are answered."""

import http.client
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any

from harness.client import Client

PATIENCE = 20.0
"""Seconds that a client waits for an answer."""


@dataclass(frozen=True)
class Answer:
    """A prediction: when it came, how many seconds that took, by which model, and what it says beside its id."""

    id: str
    when: float
    seconds: float
    model: str
    says: dict[str, Any]


@dataclass
class Load:
    """What the clients were answered so far; times are those of `time.monotonic`.

    broken   when a connection broke off with its request, and why; not if that was after `over`
    refused  answers that are no predictions
    over     tells the clients to ask no more
    """

    answers: list[Answer] = field(default_factory=list)
    broken: list[tuple[float, str]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    over: Event = field(default_factory=Event)

    @property
    def answered(self) -> dict[str, float]:
        """The ids of the predictions, and when each one came."""
        return {answer.id: answer.when for answer in list(self.answers)}


@contextmanager
def load(port: int, clients: int = 1, *, pause: float = 0.0, key: str = "") -> Iterator[Load]:
    """Have clients ask until the block ends, each on a connection that it keeps as long as that lasts.

    pause  seconds between an answer and the next request of the same client
    """
    client, asked = Client(port, key), Load()
    body = json.dumps(client.example("/predict"))
    threads = [Thread(target=_ask, args=(asked, client, body, pause)) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield asked
    finally:
        asked.over.set()
        for thread in threads:
            thread.join()


def _ask(asked: Load, client: Client, body: str, pause: float) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=PATIENCE)
    while not asked.over.wait(pause):
        before = time.monotonic()
        try:
            connection.request("POST", "/predict", body, client.headers)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            if not asked.over.is_set():
                asked.broken.append((time.monotonic(), repr(error)))
            connection.close()
            asked.over.wait(0.1)
            continue
        now = time.monotonic()
        if answer.status != 200:
            asked.refused.append(f"{answer.status}: {content!r}")
            continue
        told = json.loads(content)
        asked.answers.extend(
            Answer(entry.pop("id"), now, now - before, told["model"], entry)
            for entry in told["predictions"]
        )
    connection.close()

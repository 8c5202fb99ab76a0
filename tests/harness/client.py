"""A client of a project's service."""

import json
import time
import urllib.request
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Client:
    """What asks the service that listens on a port."""

    port: int
    key: str = ""
    """An API key, where the service asks for one."""

    def get(self, path: str) -> Any:
        """Return the JSON at a path."""
        return json.loads(self._read(path))

    def post(self, path: str, body: Any) -> Any:
        """Send JSON, and return what comes back."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            json.dumps(body).encode(),
            {"Content-Type": "application/json", **self.headers},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def example(self, path: str) -> Any:
        """Return the body that the documentation of a route shows."""
        operation = self.get("/openapi.json")["paths"][path]["post"]
        return operation["requestBody"]["content"]["application/json"]["example"]

    def ask_example(self) -> None:
        """Ask for the prediction that the documentation shows."""
        self.post("/predict", self.example("/predict"))

    def figures(self) -> dict[str, float]:
        """What Prometheus would read, by name and labels."""
        lines = self._read("/metrics").decode().splitlines()
        pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
        return {name: float(value) for name, value in pairs}

    def wait_for(self, name: str, value: float) -> dict[str, float]:
        """Wait until a figure has a value."""
        deadline = time.monotonic() + 40
        while (figures := self.figures()).get(name) != value:
            assert time.monotonic() < deadline, figures
            time.sleep(0.2)
        return figures

    @property
    def headers(self) -> dict[str, str]:
        """What a request says beside its body."""
        return {"Authorization": f"Bearer {self.key}"} if self.key else {}

    def _read(self, path: str) -> bytes:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", headers=self.headers
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return bytes(answer.read())

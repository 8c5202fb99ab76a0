"""A Prometheus and an Alertmanager that a test runs, with the files of a project."""

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import machine
from harness.servers import free_port, listening
from harness.waiting import until

WAITS = re.compile(
    r"(\b(?:scrape_interval|evaluation_interval|group_wait|group_interval|for)): \w+"
)
"""What decides how long it takes until somebody is told."""
PLACEHOLDER = "http://put-your-address-here.invalid/"
"""Where a project says that its people put the address of their webhook."""


@dataclass(frozen=True)
class Prometheus:
    """A Prometheus that answers on a port of this machine."""

    port: int

    def rows(self, query: str) -> list[dict[str, Any]]:
        """Return what a query finds now: labels and value of each series."""
        found: list[dict[str, Any]] = self._get(f"query?query={urllib.parse.quote(query)}")[
            "result"
        ]
        return found

    def rules(self) -> list[dict[str, Any]]:
        """Return every rule, and how its last evaluation went."""
        return [rule for group in self._get("rules")["groups"] for rule in group["rules"]]

    def _get(self, path: str) -> Any:
        with urllib.request.urlopen(
            f"http://127.0.0.1:{self.port}/api/v1/{path}", timeout=10
        ) as page:
            return json.load(page)["data"]


def in_haste(text: str) -> str:
    """Return a configuration with every wait cut to a second."""
    return WAITS.sub(r"\1: 1s", text)


def substituted(text: str, **changes: str) -> str:
    """Return a text with each of these in place of what stands there; raise AssertionError if one does not."""
    for old, new in changes.items():
        assert text.count(old) == 1, f"{old} stands there {text.count(old)} times"
        text = text.replace(old, new)
    return text


def programs() -> dict[str, Path]:
    """Return Prometheus, Alertmanager and their tools, or leave the test out."""
    packages = {
        "prometheus": "prometheus",
        "promtool": "prometheus",
        "prometheus-alertmanager": "prometheus-alertmanager",
        "amtool": "prometheus-alertmanager",
    }
    return {
        name: machine.require(name, f"Debian's {package} has it")
        for name, package in packages.items()
    }


@contextmanager
def watching(settings: Path, folder: Path, targets: str, webhook: str) -> Iterator[Prometheus]:
    """Run both with the files of a project's deploy/monitoring, in haste.

    folder    takes the changed files and the data
    targets   in place of the service that prometheus.yml names: `127.0.0.1:1, 127.0.0.1:2`
    webhook   address in place of the one that people are asked to replace
    """
    port, alerts, made = free_port(), free_port(), programs()
    for name in ("rules.yml", "prometheus.yml"):
        text = in_haste((settings / "prometheus" / name).read_text(encoding="utf-8"))
        if name == "prometheus.yml":
            text = substituted(
                text, **{"api:8000": targets, "alertmanager:9093": f"127.0.0.1:{alerts}"}
            )
        (folder / name).write_text(text, encoding="utf-8")
    text = in_haste((settings / "alertmanager/alertmanager.yml").read_text(encoding="utf-8"))
    (folder / "alertmanager.yml").write_text(substituted(text, **{PLACEHOLDER: webhook}), "utf-8")
    alertmanager = [
        made["prometheus-alertmanager"],
        *("--config.file=alertmanager.yml", "--storage.path=alerts", "--cluster.listen-address="),
        f"--web.listen-address=127.0.0.1:{alerts}",
    ]
    prometheus = [
        made["prometheus"],
        *("--config.file=prometheus.yml", "--storage.tsdb.path=figures"),
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with (
        listening(alertmanager, alerts, folder / "alertmanager.log"),
        listening(prometheus, port, folder / "prometheus.log"),
    ):
        until(lambda: _is_ready(port), "Prometheus")
        yield Prometheus(port)


def _is_ready(port: int) -> bool:
    """Say whether it answers queries, which it does some time after it listens."""
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=10).close()
    except urllib.error.HTTPError:
        return False
    return True

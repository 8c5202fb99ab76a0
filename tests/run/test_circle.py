"""The whole circle: the world changes, the monitor tells, outcomes are learned from, and the served model recovers."""

import csv
import json
import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
from harness.client import Client
from harness.edits import configure
from harness.project import Project
from harness.servers import free_port
from harness.service import serving
from harness.storages import SERVERS, reach
from harness.waiting import until

ALARM = 3
"""The exit code of the monitor when there is one."""
ASKED = 300
"""Rows that clients ask about in a month."""
CITIES = {"Moers": 0.0, "Wesel": 60.0, "Xanten": 120.0}


def flats(count: int, large: float, seed: int) -> list[dict[str, Any]]:
    """Flats and their rents, which grow more slowly above 70 square metres; `large` is the share of those."""
    draw = random.Random(seed)
    rows = []
    for _ in range(count):
        size = draw.uniform(70, 160) if draw.random() < large else draw.uniform(20, 70)
        city, floor = draw.choice(list(CITIES)), draw.randint(0, 6)
        rent = 10 * min(size, 70) + 2 * max(size - 70, 0) + CITIES[city] + 5 * floor
        rows.append(
            {
                "Size (m²)": round(size, 1),
                "City": city,
                "Floor": floor,
                "Rent": round(rent + draw.gauss(0, 15), 2),
            }
        )
    return rows


@dataclass(frozen=True)
class World:
    """A project in service, and the people who ask it."""

    project: Project
    store: Path
    client: Client

    def month(self, large: float, seed: int) -> float:
        """Let a month pass in which people ask, and tell what came out; return the mean error in service."""
        self._age()
        rows = flats(ASKED, large, seed)
        truth = [row.pop("Rent") for row in rows]
        answers = self.client.post("/predict", {"rows": rows})["predictions"]
        outcomes = [
            {"id": entry["id"], "outcome": rent} for entry, rent in zip(answers, truth, strict=True)
        ]
        self.client.post("/feedback", {"outcomes": outcomes})
        self.wait_until_stored("feedback")
        errors = (entry["prediction"] - rent for entry, rent in zip(answers, truth, strict=True))
        return fmean(abs(error) for error in errors)

    def monitor(self) -> tuple[int, dict[str, Any]]:
        """Watch the month; return the exit code and the verdict."""
        ran = self.run("uv run poe monitor --fail-on-drift", check=False)
        verdict = self.project.path / "reports/monitor.json"
        assert ran.returncode in (0, ALARM), ran.stdout
        return ran.returncode, json.loads(verdict.read_text(encoding="utf-8"))

    def run(self, command: str, *, check: bool = True) -> Any:
        """Run a command of the project, which finds the store of the service."""
        return self.project.run(command, check=check, STORE_URL=f"sqlite:///{self.store}")

    def serves(self) -> str:
        """Return the hash of the model that answers."""
        return str(self.client.get("/version")["model_sha256"])

    def wait_for_another(self, model: str) -> str:
        """Wait until another model than this one answers, and return its hash."""
        until(lambda: self.serves() != model, f"another model than {model}")
        return self.serves()

    def wait_for_shadow(self) -> None:
        """Wait until a challenger predicts beside the model."""
        until(lambda: self.client.get("/version")["shadow_sha256"], "a challenger")

    def wait_until_stored(self, table: str) -> None:
        """Wait until a table has what was told this month."""
        recent = f"SELECT count(*) FROM {table} WHERE time > datetime('now', '-1 day')"
        with closing(sqlite3.connect(self.store, timeout=20)) as store:
            until(lambda: store.execute(recent).fetchone()[0] == ASKED, f"the month in {table}")

    def _age(self) -> None:
        """Make everything in the store a month older."""
        with closing(sqlite3.connect(self.store, timeout=20)) as store, store:
            for table in ("predictions", "shadow_predictions", "feedback"):
                store.execute(
                    f"UPDATE {table} SET time = strftime('%Y-%m-%d %H:%M:%f000', time, '-30 days')"
                )


@pytest.fixture
def world(project: Callable[..., Project], tmp_path: Path) -> Iterator[World]:
    made = project("regression").copy(tmp_path / "project")
    with SERVERS["local"](tmp_path) as storage:
        reach(made, storage)
    configure(made, "config.yaml", model="boosting")
    configure(made, "data/file.yaml", path="data/raw/flats.csv", target="Rent")
    with (made.path / "data/raw/flats.csv").open("w", encoding="utf-8", newline="") as file:
        rows = flats(600, 0.04, seed=0)
        table = csv.DictWriter(file, rows[0])
        table.writeheader()
        table.writerows(rows)
    made.run("uv run poe schema")
    _train(made, "Learn the rents")
    made.run("uv run poe promote")
    made.commit("Promote the first model")
    store = tmp_path / "served.db"
    settings = {
        "STORE_URL": f"sqlite:///{store}",
        "MODEL_CHECK_SECONDS": "0.2",
        "MODEL_PATH": str(made.path / "models/champion.onnx"),
        "SHADOW_PATH": str(made.path / "models/challenger.onnx"),
    }
    port = free_port()
    with serving(made, port, tmp_path / "service.log", **settings):
        yield World(made, store, Client(port))


def test_a_served_model_recovers_from_a_world_that_changed(world: World) -> None:
    first = world.serves()
    calm = world.month(large=0.04, seed=1)
    code, verdict = world.monitor()
    assert (code, verdict["alarms"]) == (0, [])

    world.month(large=0.3, seed=2)
    changed = world.month(large=0.9, seed=3)
    code, verdict = world.monitor()
    assert code == ALARM
    assert verdict["worse"]
    assert verdict["drift"]["drifted"]
    assert changed > 3 * calm

    world.run("uv run poe labelled data/labelled/served.parquet")
    world.run("uv run dvc add --quiet data/labelled")
    configure(world.project, "data/file.yaml", more="data/labelled/served.parquet")
    _train(world.project, "Learn from what came out")
    world.run("uv run poe challenger")
    world.wait_for_shadow()

    world.month(large=0.9, seed=4)
    world.wait_until_stored("shadow_predictions")
    _, verdict = world.monitor()
    assert [compared["better"] for compared in verdict["comparisons"]] == [1]
    told = world.run("uv run poe promote").stdout
    assert "test rows that neither has learned from" in told
    second = world.wait_for_another(first)

    recovered = world.month(large=0.9, seed=5)
    _, verdict = world.monitor()
    assert recovered < 0.5 * changed
    assert verdict["champion"] == second
    assert not verdict["worse"]

    world.run("uv run poe rollback")
    assert world.wait_for_another(second) == first


def _train(project: Project, why: str) -> None:
    """Run the pipeline through its gate, and register its model, of a commit that has all of it."""
    project.run("uv run poe pipeline")
    project.commit(why)
    project.run("uv run poe register")
    project.commit("Register the model")

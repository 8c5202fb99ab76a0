"""Rules, routes and dashboard work: on real figures, in a real Prometheus, as far as a webhook."""

import json
import math
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness.client import Client
from harness.command import run
from harness.load import load
from harness.project import Project
from harness.prometheus import PLACEHOLDER, Prometheus, programs, watching
from harness.servers import Heard, free_port, hearing
from harness.service import serving
from harness.waiting import until

OBJECTIVE = {
    task: f"""\
  good_enough:
    measure: metrics.{metric}.value
    {bound}
    because: Nobody would use it.
"""
    for task, metric, bound in (
        ("classification", "macro_f1", "at_least: 0.5"),
        ("regression", "mae", "at_most: 1000"),
    )
}
"""One that a task's model meets when it is trained, and cannot when every outcome is another one."""
ASKED = 300
DAYS_OF_SILENCE = 4


@pytest.fixture(scope="module", params=["compose", "kubernetes"])
def settings(request: pytest.FixtureRequest, render: Callable[..., Path]) -> Path:
    """Return the folder of a fresh project's monitoring, for each deployment."""
    return render({"deployment": request.param}) / "deploy/monitoring"


def test_rules_are_valid_and_each_alert_fires_and_does_not_fire(settings: Path) -> None:
    promtool = programs()["promtool"]

    run(f"{promtool} check rules rules.yml", settings / "prometheus")
    run(f"{promtool} test rules rules_test.yml", settings / "prometheus")


def test_settings_of_prometheus_and_alertmanager_are_valid(render: Callable[..., Path]) -> None:
    settings, tools = render() / "deploy/monitoring", programs()

    run(f"{tools['promtool']} check config prometheus/prometheus.yml", settings)
    run(f"{tools['amtool']} check-config alertmanager/alertmanager.yml", settings)


@pytest.mark.parametrize("expression", ["vector(1) > 1", "vector(1)"], ids=["deaf", "never quiet"])
def test_every_alert_that_is_wrong_fails_its_test(
    render: Callable[..., Path], tmp_path: Path, expression: str
) -> None:
    settings, promtool = render() / "deploy/monitoring/prometheus", programs()["promtool"]
    shutil.copy(settings / "rules_test.yml", tmp_path)
    rules = yaml.safe_load((settings / "rules.yml").read_text(encoding="utf-8"))
    alerts = [rule for group in rules["groups"] for rule in group["rules"] if "alert" in rule]
    for rule in alerts:
        rule["expr"] = expression
    (tmp_path / "rules.yml").write_text(json.dumps(rules), encoding="utf-8")

    told = run(f"{promtool} test rules rules_test.yml", tmp_path, check=False).stdout

    failed = set(re.findall(r"alertname: (\w+), time", told))
    assert failed == {rule["alert"] for rule in alerts} != set()


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        ("severity=critical namespace=penguins-production", "on-call"),
        ("severity=warning namespace=penguins-production", "team"),
        ("severity=critical namespace=penguins-staging", "team"),
    ],
    ids=["critical", "warning", "critical in staging"],
)
def test_what_is_urgent_in_production_goes_another_way(
    render: Callable[..., Path], labels: str, receiver: str
) -> None:
    amtool, folder = programs()["amtool"], render() / "deploy/monitoring/alertmanager"

    told = run(
        f"{amtool} config routes test --config.file=alertmanager.yml {labels}", folder
    ).stdout

    assert told.splitlines()[-1] == receiver


def test_alerts_leave_for_no_address_that_is_not_theirs(render: Callable[..., Path]) -> None:
    text = (render() / "deploy/monitoring/alertmanager/alertmanager.yml").read_text("utf-8")

    assert re.findall(r"https?://\S+", text) == [PLACEHOLDER]
    loaded = yaml.safe_load(text)
    urls = [hook["url"] for one in loaded["receivers"] for hook in one["webhook_configs"]]
    assert urls == [PLACEHOLDER] * 2


@dataclass(frozen=True)
class Watched:
    """A service that is asked now and then, what watches it, and what the webhook hears."""

    project: Project
    model: Path
    prometheus: Prometheus
    heard: Heard

    def told(self, alert: str, status: str) -> list[dict[str, Any]]:
        """Return the alerts of that name that the webhook was told of, as firing or as resolved."""
        told = [one for request in list(self.heard.requests) for one in request.body["alerts"]]
        return [
            one for one in told if one["labels"]["alertname"] == alert and one["status"] == status
        ]


@pytest.fixture(scope="module", params=OBJECTIVE)
def watched(
    request: pytest.FixtureRequest,
    project: Callable[..., Project],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Watched]:
    programs()
    folder, port = tmp_path_factory.mktemp("watched"), free_port()
    served, store = project(request.param).copy(folder / "project"), folder / "served.db"
    with (served.path / "conf/objectives.yaml").open("a", encoding="utf-8") as objectives:
        objectives.write(OBJECTIVE[request.param])
    model = shutil.copy(served.path / "models/model.onnx", folder / "model.onnx")
    variables = {
        "MODEL_PATH": str(model),
        "MODEL_CHECK_SECONDS": "0.2",
        "STORE_URL": f"sqlite:///{store}",
    }
    settings = served.path / "deploy/monitoring"
    with (
        serving(served, port, folder / "service.log", **variables),
        hearing() as heard,
        watching(settings, folder, f"'127.0.0.1:{port}'", heard.address) as prometheus,
        # From one request alone Prometheus knows no rate.
        load(port, pause=0.3),
    ):
        _find_everything_wrong(served, Client(port), store)
        yield Watched(served, model, prometheus, heard)


def _find_everything_wrong(project: Project, client: Client, store: Path) -> None:
    """Ask for one row over and over, tell that none came out as predicted, and have the monitor look at it."""
    [row] = client.example("/predict")["rows"]
    answers = client.post("/predict", {"rows": [row] * ASKED})["predictions"]
    outcomes = [{"id": answer["id"], "outcome": _another_than(answer)} for answer in answers]
    client.post("/feedback", {"outcomes": outcomes})
    client.wait_for("store_rows_waiting", 0)
    project.run("uv run poe monitor", STORE_URL=f"sqlite:///{store}")
    with closing(sqlite3.connect(store, timeout=20)) as connection, connection:
        [[told]] = connection.execute("SELECT gauges FROM monitoring")
        gauges = json.loads(told)
        [last_run] = [one for one in gauges if one["name"] == "monitor_last_run_timestamp_seconds"]
        last_run["value"] -= DAYS_OF_SILENCE * 86400
        connection.execute("UPDATE monitoring SET gauges = ?", [json.dumps(gauges)])


def _another_than(answer: dict[str, Any]) -> Any:
    if "probabilities" not in answer:
        return 3 * answer["prediction"]
    return next(label for label in answer["probabilities"] if label != answer["prediction"])


def test_every_rule_is_evaluated_and_every_figure_recorded(watched: Watched) -> None:
    prometheus = watched.prometheus
    recorded = [rule["name"] for rule in prometheus.rules() if rule["type"] == "recording"]

    assert len(recorded) > 5
    _until_known(prometheus, recorded)
    assert {rule["health"] for rule in prometheus.rules()} == {"ok"}


def test_every_query_of_the_dashboard_returns_rows(watched: Watched) -> None:
    path = watched.project.path / "deploy/monitoring/grafana/dashboard.json"
    dashboard = json.loads(path.read_text(encoding="utf-8"))
    variables = {one["name"]: one for one in dashboard["templating"]["list"]}
    values = {"job": variables["job"]["query"], "namespace": variables["namespace"]["allValue"]}
    queries = [
        re.sub(r"\$(\w+)", lambda found: values[found[1]], target["expr"])
        for panel in dashboard["panels"]
        for target in panel.get("targets", [])
    ]

    assert len(queries) > 20
    _until_known(watched.prometheus, queries)


def _until_known(prometheus: Prometheus, queries: list[str]) -> None:
    silent = set(queries)

    def all_answer() -> bool:
        silent.difference_update([query for query in silent if _is_known(prometheus, query)])
        return not silent

    until(all_answer, silent)


def _is_known(prometheus: Prometheus, query: str) -> bool:
    return any(math.isfinite(float(row["value"][1])) for row in prometheus.rows(query))


def test_metric_that_crosses_its_threshold_is_told_to_the_webhook_and_so_is_its_end(
    watched: Watched,
) -> None:
    good = watched.model.read_bytes()
    watched.model.write_bytes(b"no model")
    until(lambda: bool(watched.told("ModelRefused", "firing")), "the alert")
    watched.model.write_bytes(good)
    until(lambda: bool(watched.told("ModelRefused", "resolved")), "its end")

    told = watched.told("ModelRefused", "firing")[0]
    assert told["labels"]["severity"] == "warning"
    assert told["annotations"]["summary"].endswith("refuses the model that was given to it")
    page, _, heading = told["annotations"]["runbook"].partition("#")
    runbook = (watched.project.path / page).read_text(encoding="utf-8")
    assert f"\n## {heading}\n" in runbook.lower()


@pytest.mark.parametrize(
    "alert", ["DataDrifted", "PerformanceWorse", "ObjectiveMissed", "MonitorSilent"]
)
def test_what_the_monitor_finds_is_told_to_the_webhook(watched: Watched, alert: str) -> None:
    until(lambda: bool(watched.told(alert, "firing")), alert)

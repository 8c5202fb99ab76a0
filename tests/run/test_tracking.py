"""Versions of the model: promoted if they are better, rolled back to byte for byte, never lost."""

import json
import re
import shlex
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from harness import machine
from harness.command import run
from harness.databases import postgres
from harness.edits import configure
from harness.project import Project, read_pyproject
from harness.servers import free_port, listening
from harness.storages import SERVERS, reach
from harness.variants import OPTIONS

CHAMPION = "models/champion.onnx"
MODEL = "models/model.onnx"

# The smaller C is, the simpler and the worse is the model.
WEAK, GOOD, WORSE = "0.003", "1.0", "0.0025"

LOOK = """
import json, sys
from pathlib import Path
import mlflow
client = mlflow.MlflowClient()
run = client.get_run(json.loads(Path("reports/run.json").read_text())["run"])
model = Path(mlflow.artifacts.download_artifacts("models:/penguin_species@champion", dst_path=sys.argv[1]))
signature = mlflow.models.Model.load(model).signature
print(json.dumps({
    "params": run.data.params,
    "metrics": run.data.metrics,
    "tags": run.data.tags,
    "files": [
        file.path
        for folder in [None, "plots", "figures"]
        for file in client.list_artifacts(run.info.run_id, folder)
    ],
    "aliases": client.get_registered_model("penguin_species").aliases,
    "model": [str(path) for path in model.rglob("*") if path.is_file()],
    "inputs": signature.inputs.input_names(),
    "outputs": signature.outputs.input_names(),
}))
"""
"""What MLflow knows of the last run and of the champion."""


@dataclass
class Team:
    """A project whose people register versions, and the server that they share, if there is one.

    told, champions: what each promotion or rollback said, and the champion that it left.
    """

    project: Project
    server: dict[str, str]
    told: dict[str, str] = field(default_factory=dict)
    champions: dict[str, bytes] = field(default_factory=dict)

    def run(self, command: str, *, check: bool = True) -> str:
        """Run a command as a person who reaches the server; return what it printed."""
        return self.project.run(f"uv run {command}", check=check, **self.server).stdout

    def train(self, strength: str) -> None:
        """Train a model of that strength, commit it, and register it."""
        configure(self.project, "model/logistic.yaml", C=strength)
        self.run("poe pipeline")
        self.project.commit(f"Train with C={strength}")
        self.run(f"poe register --because 'C is {strength}'")

    def decide(self, name: str, command: str, *, check: bool = True) -> None:
        """Promote or roll back, and note under a name what that said and left."""
        self.told[name] = self.run(command, check=check)
        self.champions[name] = self.bytes(CHAMPION)

    def bytes(self, name: str) -> bytes:
        """Return the content of a file."""
        return (self.project.path / name).read_bytes()

    def clone(self, path: Path) -> "Team":
        """Return the project as somebody else gets it from git."""
        run(f"git clone --quiet {self.project.path} {path}", path.parent)
        return Team(replace(self.project, path=path), self.server)


# The tests of one team run in one worker, which lives its life once.
TEAMS = [
    pytest.param(answer, marks=pytest.mark.xdist_group(f"tracking {answer}"), id=answer)
    for answer in OPTIONS["tracking"]
]
with_dvc, with_mlflow = (
    pytest.mark.parametrize("team", teams, indirect=True) for teams in (TEAMS[:1], TEAMS[1:])
)


@pytest.fixture(scope="module", params=TEAMS)
def team(
    request: pytest.FixtureRequest,
    project: Callable[..., Project],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Team]:
    """Return a team that has promoted twice, could not promote a worse model, and rolled back."""
    folder = tmp_path_factory.mktemp("tracking")
    made = project("classification", tracking=request.param, storage="local").copy(
        folder / "project"
    )
    # The variant that is at hand may be one with Spark, which takes its time and has no part in this.
    configure(made, "config.yaml", model="logistic", compute="local")
    configure(made, "evaluation.yaml", resamples="50")
    with SERVERS["local"](folder) as storage:
        reach(made, storage)
    with TRACKING[request.param](made, folder) as server:
        team = Team(made, server)
        team.train(WEAK)
        team.decide("first", "poe promote")
        team.train(GOOD)
        team.decide("better", "poe promote --because 'They asked for it'")
        team.train(WORSE)
        team.decide("worse", "poe promote", check=False)
        team.decide("back", "poe rollback --because 'It is wrong on Biscoe'")
        made.run("git add --all")
        # MLflow keeps decisions itself.
        made.run("git commit --quiet --allow-empty --message Decide")
        yield team


@contextmanager
def no_server(project: Project, folder: Path) -> Iterator[dict[str, str]]:
    """Let git and DVC do."""
    yield {}


@contextmanager
def mlflow_server(project: Project, folder: Path) -> Iterator[dict[str, str]]:
    """Run MLflow's own server on PostgreSQL, by the command of `poe ui` but in a folder of its own.

    It lets in the names that the project's page suggests, here those of this machine.
    """
    port = free_port()
    page = (project.path / "docs/options/tracking-mlflow.md").read_text(encoding="utf-8")
    [hosts] = re.findall(r"--allowed-hosts '([^']+)'", page)
    named = ["--allowed-hosts", hosts.replace("mlflow.example.org", "127.0.0.1")]
    declared = read_pyproject(project.path)
    task = declared["tool"]["poe"]["tasks"]["ui"]
    place = {
        "UV_PROJECT": str(project.path),
        "UV_PROJECT_ENVIRONMENT": str(folder / "server/environment"),
        "UV_PYTHON": machine.interpreter(declared["project"]["requires-python"].removeprefix(">=")),
    }
    (folder / "server").mkdir()
    with postgres(folder / "server/database.log") as database:
        address = database.replace("postgresql:", "postgresql+psycopg:")
        command = task["cmd"].replace("uv run", "uv run --with psycopg[binary]")
        command = shlex.split(command.replace("sqlite:///mlflow.db", address))
        log, changes = folder / "server/log", task["env"] | place
        with listening([*command, *named, f"--port={port}"], port, log, patience=300, **changes):
            yield {"MLFLOW_TRACKING_URI": f"http://127.0.0.1:{port}"}


TRACKING = {"dvc": no_server, "mlflow": mlflow_server}


def test_better_model_is_promoted_by_comparison(team: Team) -> None:
    assert "version 1 is the champion: the first champion" in team.told["first"]
    found = re.search(
        r"version 2 is the champion: They asked for it; "
        r"macro_f1 ([\d.]+) against ([\d.]+) of version 1, on the same test rows",
        team.told["better"],
    )
    assert found, team.told["better"]
    assert float(found[1]) > float(found[2])
    assert team.champions["better"] != team.champions["first"]


def test_worse_model_is_refused_with_the_reason_and_the_champion_stays(team: Team) -> None:
    assert "version 3 is not better than the champion: macro_f1 0." in team.told["worse"]
    assert "say why: --force" in team.told["worse"]
    assert team.champions["worse"] == team.champions["better"]
    assert team.champions["worse"] != team.bytes(MODEL)


def test_rollback_gives_the_previous_champion_byte_for_byte(team: Team) -> None:
    assert "version 1 is the champion again, in place of version 2" in team.told["back"]
    assert team.champions["back"] == team.champions["first"]


def test_versions_tell_who_decided_what_and_why(team: Team) -> None:
    versions, decisions = team.run("poe --quiet versions").strip().split("\n\n")

    rows = [line.split() for line in versions.splitlines()[1:]]
    assert [row[0] for row in rows] == ["3", "2", "1"]
    assert (rows[0][1], rows[2][1]) == ("challenger", "champion")
    assert f"A Person  C is {GOOD}" in versions
    first, better, back = decisions.splitlines()
    assert first.endswith("A Person promoted version 1: the first champion")
    assert "A Person promoted version 2: They asked for it; macro_f1" in better
    assert back.endswith("A Person rolled back to version 1: It is wrong on Biscoe")


def test_two_processes_that_register_one_model_at_once_make_one_version(team: Team) -> None:
    other = "registry.model=other" if team.server else "registry.file=models/other.yaml"

    told = _at_once(f"poe register tracking.{other}", team, team)

    assert sorted("version 1 is the challenger" in one for one in told) == [False, True], told
    assert sorted("this model is version 1 already" in one for one in told) == [False, True], told


@with_dvc
def test_rows_that_no_commit_names_are_refused_until_one_does(team: Team, tmp_path: Path) -> None:
    changed = Team(team.project.copy(tmp_path / "changed"), team.server)
    table = changed.project.path / "data/raw/large.csv"
    table.write_text("rows\n", encoding="utf-8")
    changed.run("dvc add --quiet data/raw/large.csv")
    changed.project.commit("Keep a table")
    table.write_text("other rows\n", encoding="utf-8")

    [refused] = re.findall("register: (.+)", changed.run("poe register", check=False))
    [remedy] = re.findall("`uv run (dvc add .+?)`, commit", refused)
    changed.run(remedy)
    changed.project.commit("Keep the other rows")

    assert refused.startswith("data/raw/large.csv is not what its .dvc file names")
    assert "this model is version 3 already" in changed.run("poe register", check=False)


@with_mlflow
def test_two_clones_that_register_at_once_make_two_versions(team: Team, tmp_path: Path) -> None:
    clones = [Team(team.project.copy(tmp_path / name), team.server) for name in ("one", "two")]
    for back, clone in enumerate(clones, start=1):
        clone.project.run(f"git checkout --quiet HEAD~{back}")
        clone.run("dvc checkout")

    told = _at_once("poe register tracking.registry.model=shared", *clones)

    assert [sum(f"version {number} is" in text for text in told) for number in (1, 2)] == [1, 1], (
        told
    )
    versions = team.run("poe --quiet versions tracking.registry.model=shared")
    assert [line.split()[0] for line in versions.splitlines()] == ["version", "2", "1"]


def _at_once(command: str, *teams: Team) -> list[str]:
    with ThreadPoolExecutor() as pool:
        return list(pool.map(lambda team: team.run(command, check=False), teams))


@with_mlflow
def test_mlflow_shows_settings_metrics_plots_and_a_model_that_is_no_pickle(
    team: Team, tmp_path: Path
) -> None:
    program, model = tmp_path / "look.py", tmp_path / "model"
    program.write_text(LOOK, encoding="utf-8")
    model.mkdir()

    shown = json.loads(team.run(f"python {program} {model}").splitlines()[-1])

    measured = json.loads(team.bytes("reports/metrics.json"))
    assert shown["params"]["model.candidates.logistic._args_"].count(WORSE) == 1
    assert shown["metrics"]["macro_f1"] == pytest.approx(measured["macro_f1"])
    assert {"MODEL_CARD.md", "report.html", "plots/confusion.csv"} <= set(shown["files"])
    assert (
        shown["tags"]["mlflow.source.git.commit"]
        == team.project.run("git rev-parse HEAD~1").stdout.strip()
    )
    assert shown["aliases"] == {"champion": "1", "challenger": "3"}
    assert (shown["inputs"], shown["outputs"]) == (
        ["numbers", "categories"],
        ["label", "probabilities"],
    )
    assert {Path(name).suffix for name in shown["model"]} == {".onnx", ".yaml", ".json", ".txt", ""}


def test_fresh_clone_gets_the_champion_and_can_promote_an_older_version(
    team: Team, tmp_path: Path
) -> None:
    team.run("dvc push --all-commits")

    clone = team.clone(tmp_path / "clone")
    clone.run("poe champion" if team.server else "dvc pull")

    assert clone.bytes(CHAMPION) == team.champions["first"]
    # Last, since a server's champion is everybody's.
    clone.run("poe promote --version 2")
    assert clone.bytes(CHAMPION) == team.champions["better"]


@pytest.mark.xdist_group("tracking mlflow")
def test_runs_and_versions_of_an_embedded_mlflow_come_back_from_a_backup(
    project: Callable[..., Project], tmp_path: Path
) -> None:
    made = project("classification", tracking="mlflow", storage="local").copy(tmp_path / "project")
    team = Team(made, {"STORE_URL": "none"})  # no service has run yet
    with SERVERS["local"](tmp_path) as storage:
        reach(made, storage)
    made.commit("Name the storage")
    team.run("poe register")
    team.decide("first", "poe promote")
    before = team.run("poe --quiet versions")

    team.run("poe backup ../backup")
    (made.path / "mlflow.db").unlink()
    shutil.rmtree(made.path / "mlruns")
    (made.path / CHAMPION).unlink()
    assert team.run("poe --quiet versions") != before
    (made.path / "mlflow.db").unlink()
    team.run("poe restore ../backup")

    assert team.run("poe --quiet versions") == before
    team.run("poe champion")
    assert team.bytes(CHAMPION) == team.champions["first"]

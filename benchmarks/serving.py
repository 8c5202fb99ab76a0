"""Throughput and waiting time of the default project's service against others with its model: `make benchmark-serving`.

Prints a table of figure, measured value and goal; writes nothing. All serve with one process and are asked in turn,
round after round, for one row over 16 connections that stay open; what counts is each one's best round. Needs wrk; the
size of the image also needs a container engine. The peers are installed in environments of their own, of the same day.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from copier import run_copy
from harness import machine
from harness.command import run
from harness.git import begin, commit
from harness.project import read_pyproject
from harness.servers import free_port, listening

PEERS = Path(__file__).parent / "peers"
ROUNDS, SECONDS, CONNECTIONS = 3, 4, 16
PACKAGE = "penguin_species"
DRIFT_ROWS, DRIFT_NUMBERS, DRIFT_CATEGORIES = 10_000, 25, 5
ROW = {
    "island": "Biscoe",
    "bill_length_mm": 45.85,
    "bill_depth_mm": 17.3,
    "flipper_length_mm": 201,
    "body_mass_g": 4500,
    "sex": "female",
}
BLOCKS = {"numbers": [[45.85, 17.3, 201, 4500]], "categories": [["Biscoe", "female"]]}
POST = """
wrk.method = "POST"
wrk.body = {body}
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer {key}"
"""
MAKE_TABLES = """
import sys
import numpy as np
import polars as pl
rows, numbers, categories, folder = *map(int, sys.argv[1:4]), sys.argv[4]
for name, shift in (("reference", 0.0), ("new", 0.2)):
    drawn = np.random.default_rng(len(name))
    table = {f"n{i}": drawn.normal(shift, 1, rows) for i in range(numbers)}
    table |= {f"c{i}": drawn.choice(list("abcdefgh"), rows) for i in range(categories)}
    pl.DataFrame(table).write_parquet(f"{folder}/{name}.parquet")
"""


@dataclass
class Round:
    """Answers per second, and how long one took that was slower than half, or all but one in a hundred."""

    rate: float
    median: float
    slow: float


@dataclass
class Served:
    """A server, how it is asked, and what it did in each round.

    command  {port} stands for the port
    """

    name: str
    command: Sequence[str | Path]
    path: str
    body: Any
    key: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    rounds: list[Round] = field(default_factory=list)

    @property
    def best(self) -> Round:
        """The round that was disturbed least."""
        return max(self.rounds, key=lambda one: one.rate)


def main() -> None:
    """Generate the default project in a temporary folder, and measure it beside its peers."""
    machine.require("wrk", "it asks the servers")
    with tempfile.TemporaryDirectory() as folder:
        project, peers = made(Path(folder, "project")), Path(folder)
        compare_servers(project, peers)
        compare_drift(project, peers)
        weigh_image(project)


def made(project: Path) -> Path:
    """Generate the default project and have it make its model."""
    run_copy(str(machine.ROOT), project, vcs_ref="HEAD", defaults=True, quiet=True)
    begin(project)
    run("uv sync --quiet", project)
    run("uv run --no-sync dvc repro --quiet", project)
    commit(project)
    return project


def compare_servers(project: Path, folder: Path) -> None:
    """Ask every server for one row, again and again."""
    day = read_pyproject(project)["tool"]["uv"]["exclude-newer"]
    bento = environment(folder / "bento", day, "bentoml", "onnxruntime", "numpy")
    learn = run("uv run --no-sync python -c 'import sklearn; print(sklearn.__version__)'", project)
    mlflow = environment(
        *(folder / "mlflow", day, "mlflow", "onnx", "onnxruntime", "skops"),
        f"scikit-learn=={learn.stdout.strip()}",
    )
    run(f"{mlflow}/bin/python {PEERS}/log_mlflow.py {project} {folder}/logged", folder)
    servers = [*ours(project), *nothing(project), *of_mlflow(mlflow, folder / "logged")]
    servers.append(of_bento(bento, project))

    with ExitStack() as until_the_end:
        asked = [
            (server, until_the_end.enter_context(started(server, folder))) for server in servers
        ]
        for number in range(ROUNDS + 1):
            for server, ask in asked:
                told = ask()
                if number > 0:  # the first one warms up
                    server.rounds.append(told)

    service, guarded, shadowed, empty, same, logging, scikit, onnx, bare = (
        server.best.rate for server in servers
    )
    for server in servers:
        best = server.best
        times = f"p50 {best.median:.1f} ms, p99 {best.slow:.1f} ms"
        show(server.name, f"{best.rate:,.0f}/s", f"{times}{', goal 10' * (server is servers[0])}")
    show("service : FastAPI doing nothing", f"{service / empty:.2f}", "at least 0.6")
    show("... on the service's loop and parser", f"{service / same:.2f}", "")
    show("... which also logs its requests", f"{service / logging:.2f}", "")
    show("with guard : without", f"{guarded / service:.2f}", "")
    show("with a challenger : without", f"{shadowed / service:.2f}", "")
    show("service : mlflow, rows by column", f"{service / scikit:.1f}", "at least 20")
    show("service : mlflow, ONNX and bare arrays", f"{service / onnx:.1f}", "")
    show("service : BentoML, ONNX and bare arrays", f"{service / bare:.1f}", "at least 5")


def environment(path: Path, day: str, *packages: str) -> Path:
    """Install packages as they were on a day into an environment of their own."""
    run(f"uv venv --quiet --python {machine.interpreter('3.11')} {path}", path.parent)
    names = " ".join(packages)
    run(
        f"uv pip install --quiet --exclude-newer {day} --python {path}/bin/python {names}",
        path.parent,
    )
    return path


def ours(project: Path) -> Iterator[Served]:
    """The service as `poe serve` runs it, with keys and a limit that is never reached, and with a challenger."""
    task = read_pyproject(project)["tool"]["poe"]["tasks"]["serve"]["cmd"].split()
    command = [project / ".venv/bin" / task[0], *task[1:], "--port={port}"]
    store = {"STORE_URL": f"sqlite:///{project}/data/served/open.db"}
    common = {"MODEL_PATH": f"{project}/models/model.onnx"}
    yield Served("service", command, "/predict", {"rows": [ROW]}, variables=common | store)
    printed = run(f"uv run --no-sync python -m {PACKAGE}.serve.guard tester", project).stdout
    [key] = re.findall(r"^    (\S+)$", printed, re.MULTILINE)
    [line] = re.findall(r"^tester:\w+$", printed, re.MULTILINE)
    guard = {
        "API_KEYS": line,
        "RATE_LIMIT": "1000000000",
        "STORE_URL": f"sqlite:///{project}/data/served/guarded.db",
    }
    yield Served(
        "service, keys and limit", command, "/predict", {"rows": [ROW]}, key, common | guard
    )
    challenger = project / "models/challenger.onnx"
    run(f"uv run --no-sync python {PEERS}/another_model.py {challenger}", project)
    shadow = {
        "SHADOW_PATH": str(challenger),
        "STORE_URL": f"sqlite:///{project}/data/served/both.db",
    }
    yield Served(
        "service, and a challenger", command, "/predict", {"rows": [ROW]}, variables=common | shadow
    )


def nothing(project: Path) -> Iterator[Served]:
    """FastAPI doing nothing: as pip installs it with uvicorn, and on the loop and parser of the service."""
    command = [project / ".venv/bin/uvicorn", f"--app-dir={PEERS}", "nothing:app", "--port={port}"]
    plain = ["--loop=asyncio", "--http=h11", "--no-access-log"]
    body = {"rows": [ROW]}
    yield Served("FastAPI doing nothing", [*command, *plain], "/predict", body)
    yield Served("... same loop and parser", [*command, "--no-access-log"], "/predict", body)
    yield Served("... and a line of log each", command, "/predict", body)


def of_mlflow(environment: Path, logged: Path) -> Iterator[Served]:
    """`mlflow models serve`: the fitted pipeline, as people log it, and the model of the service."""
    variables = {
        "PATH": f"{environment}/bin:{os.environ['PATH']}",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    serve = [environment / "bin/mlflow", "models", "serve", "--env-manager=local", "--workers=1"]
    for name, kind, body in (
        ("mlflow, rows by column", "sklearn", {"dataframe_records": [ROW]}),
        ("mlflow, ONNX and bare arrays", "onnx", {"inputs": BLOCKS}),
    ):
        command = [*serve, f"--model-uri={logged / kind}", "--port={port}"]
        yield Served(name, command, "/invocations", body, variables=variables)


def of_bento(environment: Path, project: Path) -> Served:
    """BentoML with the model of the service."""
    return Served(
        "BentoML, ONNX and bare arrays",
        [
            environment / "bin/bentoml",
            "serve",
            "bento:Penguins",
            f"--working-dir={PEERS}",
            "--port={port}",
        ],
        "/predict",
        BLOCKS,
        variables={"MODEL": f"{project}/models/model.onnx", "BENTOML_DO_NOT_TRACK": "True"},
    )


@contextmanager
def started(server: Served, folder: Path) -> Iterator[Any]:
    """Run a server until the block ends; yields what asks it for a round."""
    port, name = free_port(), re.sub(r"\W+", "-", server.name)
    script = folder / f"{name}.lua"
    script.write_text(POST.format(body=json.dumps(json.dumps(server.body)), key=server.key))
    command = [str(part).replace("{port}", str(port)) for part in server.command]
    address = f"http://127.0.0.1:{port}{server.path}"
    wrk = f"wrk --threads 1 --connections {CONNECTIONS} --duration {SECONDS} --latency"

    def ask() -> Round:
        told = run(f"{wrk} --script {script} {address}", folder).stdout
        if re.search(r"Non-2xx|Socket errors", told):
            sys.exit(f"{server.name} did not answer each request: {told}")
        rate = float(re.search(r"Requests/sec:\s+([\d.]+)", told)[1])
        return Round(rate, milliseconds(told, "50%"), milliseconds(told, "99%"))

    with listening(command, port, folder / f"{name}.log", **server.variables):
        yield ask


def milliseconds(told: str, part: str) -> float:
    """What wrk says that so many answers took at most."""
    number, unit = re.search(rf"{part}\s+([\d.]+)(us|ms|s)", told).groups()
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


def compare_drift(project: Path, folder: Path) -> None:
    """Compare a table with another, from the start of Python to the finished page."""
    day = read_pyproject(project)["tool"]["uv"]["exclude-newer"]
    evidently = environment(folder / "evidently", day, "evidently", "pandas<3.1", "pyarrow")
    make = [MAKE_TABLES, *map(str, (DRIFT_ROWS, DRIFT_NUMBERS, DRIFT_CATEGORIES, folder))]
    subprocess.run([project / ".venv/bin/python", "-c", *make], check=True)
    tables = f"{folder}/reference.parquet {folder}/new.parquet"
    both = [
        fastest(f"{python} {PEERS}/{script} {tables}", folder)
        for python, script in (
            (project / ".venv/bin/python", "drift_ours.py"),
            (evidently / "bin/python", "drift_evidently.py"),
        )
    ]
    size = f"{DRIFT_ROWS:,} x {DRIFT_NUMBERS + DRIFT_CATEGORIES}"
    show(f"drift of {size}, with imports", f"{both[0]:.2f} s", "")
    show("... by Evidently", f"{both[1]:.2f} s", "")
    show("Evidently : drift", f"{both[1] / both[0]:.1f}", "at least 20")


def fastest(command: str, folder: Path) -> float:
    """Seconds that a command takes when nothing disturbs it; its first run compiles what it imports."""
    times = []
    for _ in range(ROUNDS + 1):
        start = time.perf_counter()
        run(command, folder, DO_NOT_TRACK="1")
        times.append(time.perf_counter() - start)
    return min(times)


def weigh_image(project: Path) -> None:
    """Build the image, and see what it adds to the image of Python that it begins with."""
    if not shutil.which("docker"):
        show("image", "no engine", "under 200 MB more than Python's")
        return
    name = f"slipway-benchmark:{os.getpid()}"
    run(f"docker build --quiet --network host --tag {name} .", project)
    [base] = set(
        re.findall(r"^FROM (python:\S+)", (project / "Dockerfile").read_text(), re.MULTILINE)
    )
    whole, python = (
        int(run(f"docker image inspect --format {{{{.Size}}}} {image}", project).stdout)
        for image in (name, base)
    )
    run(f"docker image rm --force {name}", project)
    show("image, more than Python's", f"{(whole - python) / 1e6:.0f} MB", "under 200 MB")


def show(figure: str, value: str, more: str) -> None:
    """One line of the table."""
    print(f"{figure:42}{value:>12}   {more}".rstrip(), flush=True)


if __name__ == "__main__":
    main()

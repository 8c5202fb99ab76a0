"""Time and memory of the default project, as ratios within one run: `make benchmark`.

Prints a table of figure, measured value and goal; writes nothing. Ratios are what to compare: a busy machine
moves both sides.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from harness.git import begin, commit

ROOT = Path(__file__).parents[1]
REPEATS = 3
IN_THE_PROJECT = ["uv", "run", "--no-sync"]
ENVIRONMENT = {
    k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "PYTHONDONTWRITEBYTECODE")
}

IN_ONE_PROCESS = """
from pathlib import Path
from importlib import import_module
from penguin_species.config import configure, load
from penguin_species.data.source import fingerprint
configure()
config = load(Path("params.yaml"))
fingerprint(config)
for place in ("data.prepare", "model.train", "model.evaluate", "report.document", "report.gate"):
    getattr(import_module(f"penguin_species.{place}"), place.rsplit(".", 1)[1])(config)
"""

MAKE_ROWS = """
import sys
import polars as pl
rows, path = int(sys.argv[1]), sys.argv[2]
penguins = pl.read_csv("data/raw/penguins.csv", infer_schema=False)
copies = -(-rows // len(penguins))
pl.concat([penguins] * copies).head(rows).write_csv(path)
"""


def main() -> None:
    """Generate the default project in a temporary folder and measure it."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder, "project")
        render = fastest(lambda: generate(project))
        show("render the default project", f"{render:.2f} s", "at most 2 s")
        as_many = empty_template(project, Path(folder, "empty"))
        bare = fastest(lambda: generate(Path(folder, "rendered"), as_many))
        show("Copier alone: as many empty files", f"{bare:.2f} s", "")

        run(["git", "init", "--quiet"], project)
        run(["uv", "sync", "--quiet"], project)
        pipeline = [*IN_THE_PROJECT, "dvc", "repro", "--quiet"]
        run(
            pipeline, project
        )  # fills Python's bytecode cache, which a first import would otherwise pay for
        first = fastest(lambda: timed(pipeline, project), before=lambda: forget(project))
        alone = fastest(lambda: timed([*IN_THE_PROJECT, "python", "-c", IN_ONE_PROCESS], project))
        idle = fastest(lambda: timed(pipeline, project), before=lambda: run(pipeline, project))
        show("first run of the pipeline", f"{first:.1f} s", "under 10 s")
        show("the same work in one process", f"{alone:.1f} s", "")
        show("ratio of the two", f"{first / alone:.2f}", "at most 2")
        show("nothing to do", f"{idle:.2f} s", "under 1 s")
        dvc, reproduce = str(project / ".venv/bin/dvc"), ["repro", "--quiet"]
        nothing = one_stage(Path(folder, "nothing"), dvc)
        bare = fastest(lambda: timed([dvc, *reproduce], nothing))
        show("DVC alone: a stage that has nothing to do", f"{bare:.2f} s", "")
        reading = [
            *IN_THE_PROJECT,
            "python",
            "-c",
            "import sklearn.ensemble, skl2onnx, fairlearn.metrics",
        ]
        imports = fastest(lambda: timed(reading, project))
        show("scikit-learn and its exporter: their imports", f"{imports:.2f} s", "")

        small, large = (memory(project, rows) for rows in (100_000, 1_000_000))
        show("ingest and validate 100,000 rows", f"{small:.0f} MB", "")
        show("ingest and validate 1,000,000 rows", f"{large:.0f} MB", "")
        show("growth of memory for 10 times the rows", f"{large / small:.1f}", "at most 10")


def empty_template(project: Path, template: Path) -> Path:
    """Make a template without questions of as many files as the project has, with nothing in them."""
    for path in [
        path for path in project.rglob("*") if path.is_file() and ".git" not in path.parts
    ]:
        empty = template / path.relative_to(project)
        empty.parent.mkdir(parents=True, exist_ok=True)
        empty.touch()
    (template / "copier.yml").touch()
    begin(template)
    commit(template)
    return template


def one_stage(folder: Path, dvc: str) -> Path:
    """Make a repository with the smallest pipeline, which has run."""
    folder.mkdir()
    begin(folder)
    run([dvc, "init", "--quiet"], folder)
    (folder / "dvc.yaml").write_text("stages: {one: {cmd: touch one, outs: [one]}}\n")
    run([dvc, "repro", "--quiet"], folder)
    return folder


def generate(project: Path, template: Path = ROOT) -> float:
    """Render with Copier's command, as a person does."""
    shutil.rmtree(project, ignore_errors=True)
    command = [
        "copier",
        "copy",
        "--quiet",
        "--defaults",
        "--vcs-ref",
        "HEAD",
        str(template),
        str(project),
    ]
    return timed([sys.executable, "-m", *command], ROOT)


def forget(project: Path) -> None:
    """Remove what the pipeline has made, and DVC's memory of it."""
    for path in ("dvc.lock", "params.yaml", "MODEL_CARD.md"):
        (project / path).unlink(missing_ok=True)
    for folder in ("models", "reports", ".dvc/cache", ".dvc/tmp"):
        shutil.rmtree(project / folder, ignore_errors=True)
    for path in (project / "data").glob("*.*"):
        path.unlink()


def memory(project: Path, rows: int) -> float:
    """Peak memory of the data stage over so many rows, in megabytes."""
    table = f"data/raw/{rows}.csv"
    run([*IN_THE_PROJECT, "python", "-c", MAKE_ROWS, str(rows), table], project)
    command = ["python", "-m", "penguin_species", "prepare", f"data.path={table}"]
    code = f"import resource, subprocess; subprocess.run({command!r}, check=True, capture_output=True); "
    code += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    peak = run([*IN_THE_PROJECT, "python", "-c", code], project)
    return int(peak) / (1024 if sys.platform != "darwin" else 1024**2)


def fastest(measure, before=lambda: None) -> float:
    """The smallest of several measurements: what the machine can do when nothing disturbs it."""
    times = []
    for _ in range(REPEATS):
        before()
        times.append(measure())
    return min(times)


def timed(command: Sequence[str], folder: Path) -> float:
    """Seconds that a command takes."""
    start = time.perf_counter()
    run(command, folder)
    return time.perf_counter() - start


def run(command: Sequence[str], folder: Path) -> str:
    """Run a command, with its output shown only if it fails."""
    done = subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def show(figure: str, value: str, goal: str) -> None:
    """One line of the table."""
    print(f"{figure:42}{value:>10}   {goal}", flush=True)


if __name__ == "__main__":
    main()

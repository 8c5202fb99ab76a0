"""Time and lost edits of an update against a plain `copier update`, and the cost of a fleet: `make benchmark-updates`.

Prints a table; writes nothing. Both updates are of the same projects, in one run: what people changed in a project of
an older version is counted before and after. Finds the tests' harness by PYTHONPATH, which make sets.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from copier import run_copy
from harness import older, releases
from harness.command import run
from harness.git import begin, commit
from harness.machine import ROOT

OURS = [sys.executable, str(releases.UPDATE)]
PLAIN = [sys.executable, "-m", "copier", "update", "--quiet", "--defaults"]
EDITS = (
    "A line of ours",
    "COUNT == 3",
    "TEAM=owls",
    "echo hello",
    "folds: 4",
    "timeout-minutes: 25",
)


def main() -> None:
    """Measure, and print as it goes."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        "--fleets", type=int, nargs="*", default=[10, 50, 200], help="how many projects"
    )
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run(f"git archive --output {folder}/today.tar HEAD", ROOT)
        template, history = Path(folder, "today"), Path(folder, "template")
        template.mkdir()
        run(f"tar --extract --file {folder}/today.tar", template)
        older.history(template, history)
        print(f"{'':34}{'ours':>8}{'plain':>8}")
        for version in older.OLDER:
            project = lived(history, Path(folder, version), version)
            compare(version, project)
        for size in given.fleets:
            measure_fleet(project, Path(folder, f"fleet-{size}"), size)


def lived(history: Path, path: Path, version: str) -> Path:
    """Return a project of an older version that people have worked on."""
    run_copy(str(history), path, vcs_ref=version, defaults=True, quiet=True)
    begin(path)
    older.edit(path, "penguin_species", version)
    commit(path)
    return path


def compare(version: str, project: Path) -> None:
    """Print the seconds of both updates, and how many of the edits are gone after each."""
    seconds, lost = [], []
    for name, command in (("ours", OURS), ("plain", PLAIN)):
        copy = shutil.copytree(project, project.with_name(f"{project.name}-{name}"))
        before = edits(copy)
        seconds.append(timed(command, copy))
        lost.append(before - edits(copy))
    print(f"{f'update from {version}, seconds':34}{seconds[0]:8.1f}{seconds[1]:8.1f}")
    print(f"{f'edits lost, of {before}':34}{lost[0]:8}{lost[1]:8}", flush=True)


def edits(project: Path) -> int:
    """Count the lines of this person's that are in the project."""
    files = (path for path in project.rglob("*") if path.is_file() and ".git" not in path.parts)
    texts = [path.read_bytes().decode(errors="replace") for path in files if path.suffix != ".rej"]
    return sum(text.count(line) for text in texts for line in EDITS)


def measure_fleet(project: Path, folder: Path, size: int) -> None:
    """Print what it costs to look at so many projects."""
    folder.mkdir()
    for number in range(size):
        shutil.copytree(project, folder / f"project-{number}")
    seconds = timed([sys.executable, str(ROOT / "scripts/fleet.py"), "status", str(folder)], ROOT)
    print(
        f"{f'a fleet of {size}, seconds':34}{seconds:8.1f}   {seconds / size:.2f} for each",
        flush=True,
    )


def timed(command: Sequence[str], folder: Path) -> float:
    """Seconds that a command takes, conflicts or not."""
    start = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=os.environ, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return time.perf_counter() - start


if __name__ == "__main__":
    main()

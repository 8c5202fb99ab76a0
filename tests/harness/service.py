"""A project's service, run as a process of this machine, and what it has stored."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness import machine
from harness.project import Project
from harness.servers import listening

STORED = """
from {package}.serve.store.database import configured
from {package}.serve.store.reading import batches
for batch in batches(configured()):
    print(*(row["id"] for row in batch), sep="\\n")
"""


@contextmanager
def serving(
    project: Project, port: int, log: Path, *options: str, **variables: str
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a project's service until the block ends; yields its process.

    options    further ones of uvicorn
    variables  what is set of the service; it serves the project's own model unless MODEL_PATH names another

    Raises what `listening` does.
    """
    command = [
        project.environment / "bin/uvicorn",
        *("--factory", f"{project.package}.serve.app:create_app", "--port", str(port)),
        *options,
    ]
    own = {
        "MODEL_PATH": str(project.path / "models/model.onnx"),
        "PYTHONPATH": str(project.path / "src"),
    }
    with listening(command, port, log, **own | variables) as process:
        yield process


def api_key(project: Project, name: str) -> tuple[str, str]:
    """Make an API key, and return it with the line that the service knows it by."""
    printed = project.run(f"uv run python -m {project.package}.serve.guard {name}").stdout
    [key] = re.findall(r"^    (\S+)$", printed, re.MULTILINE)
    [line] = re.findall(rf"^{name}:\w+$", printed, re.MULTILINE)
    return key, line


def stored_ids(project: Project, store: str) -> set[str]:
    """Return the ids of the predictions that the project reads from a store."""
    ran = subprocess.run(
        [project.environment / "bin/python", "-c", STORED.replace("{package}", project.package)],
        cwd=project.path,
        env=machine.environment(STORE_URL=store, PYTHONPATH=str(project.path / "src")),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return set(ran.stdout.split())

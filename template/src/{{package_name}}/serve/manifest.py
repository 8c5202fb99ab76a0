"""What made a file of predictions: from which rows, by which model and code, and how it went."""

import os
import subprocess
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from ..files import content_hash

PACKAGE = Path(__file__).parents[1]
COMPUTING = ("numpy", "onnxruntime", "polars")


class Run(BaseModel):
    """What decides about every prediction: two runs that agree in it may share their parts.

    code         the commit, as `code_version` tells it
    code_sha256  of the package as it is installed here, whatever the commit says
    libraries    versions of those that compute
    """

    model_config = ConfigDict(protected_namespaces=())

    input: str
    input_sha256: str
    form: dict[str, Any]
    model: str
    model_sha256: str
    trained_on: str
    code: str | None
    code_sha256: str
    libraries: dict[str, str]


class Refusals(BaseModel):
    """How many rows broke a rule."""

    column: str | None
    rule: str
    rows: int

    def __str__(self) -> str:
        """Say it in one line."""
        where = "" if self.column is None else f"column '{self.column}' "
        return f"{where}{self.rule}: {self.rows:,} rows"


class Manifest(Run):
    """A finished run.

    rows         of the input
    refused      rows that broke a rule; each is listed in <output>.refused.csv
    predictions  rows of the output
    finished     time in UTC
    seconds      of reading, checking and predicting, interruptions apart
    """

    output_sha256: str
    rows: int
    refused: int
    broken_rules: list[Refusals]
    predictions: int
    finished: str
    seconds: float

    def __str__(self) -> str:
        """Say it in a few lines."""
        about = (
            f"{self.predictions:,} predictions from {self.rows:,} rows in {self.seconds:.1f} s, "
            f"{self.refused:,} rows refused"
        )
        return "\n  ".join([about, *map(str, self.broken_rules)])


def manifest_path(output: Path) -> Path:
    """Where the manifest of an output lies."""
    return output.with_name(f"{output.name}.manifest.json")


def refused_path(output: Path) -> Path:
    """Where the rows lie that broke a rule."""
    return output.with_name(f"{output.name}.refused.csv")


def code_version() -> str | None:
    """The commit of this code, with -dirty after it if it was changed since; None where nobody knows.

    An image is told by CODE_COMMIT, since it holds no repository.
    """
    if told := os.environ.get("CODE_COMMIT"):
        return told
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        described = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return None
    return described.stdout.strip()


def code_hash() -> str:
    """SHA-256 of the package's modules, by which two states of changed code differ that git calls by one name."""
    digest = sha256()
    for name in sorted(module.relative_to(PACKAGE).as_posix() for module in PACKAGE.rglob("*.py")):
        digest.update(f"{content_hash(PACKAGE / name)}  {name}\n".encode())
    return digest.hexdigest()


def library_versions() -> dict[str, str]:
    """The versions of the libraries that compute a prediction."""
    return {name: version(name) for name in COMPUTING}

"""Tables that DVC keeps, of which git holds a .dvc file alone: what brings them, and which are not here."""

import subprocess
import sys
from fnmatch import fnmatchcase
from pathlib import Path, PurePath

import yaml

from .. import paths
from ..errors import DataError
from ..files import matching


def fetch_tables(*, newest: bool) -> None:
    """Bring the tables in data/ to this machine as their .dvc files name them; what is here already stays.

    newest  Take what `dvc import-url` or `dvc import` brought anew from where it comes: its .dvc file then names that.

    Raises DataError if DVC cannot bring one.
    """
    kept = sorted(paths.DATA.rglob("*.dvc"))
    imported = [file for file in kept if newest and _is_import(file)]
    _dvc("update", imported, "see whether this machine reaches the place that its .dvc file names")
    _dvc(
        "pull",
        [file for file in kept if file not in imported],
        "run `uv run dvc push` where the table was added; a page of docs/options/ whose name begins with storage says "
        "how this machine reaches it",
    )


def missing_tables(pattern: str) -> list[Path]:
    """What DVC keeps of the files that a pattern means, or of the folders they lie in, and is not here."""
    parts = PurePath(pattern).parts
    kept = (matching(PurePath(*parts[:depth], "*.dvc")) for depth in range(len(parts)))
    outputs = {output for files in kept for file in files for output in _outputs(file)}
    return sorted(path for path in outputs if not path.exists() and _is_meant(path.parts, parts))


def _is_import(file: Path) -> bool:
    return any(line.startswith("deps:") for line in file.read_text(encoding="utf-8").splitlines())


def _outputs(file: Path) -> list[Path]:
    written = yaml.safe_load(file.read_text(encoding="utf-8"))
    return [file.parent / written.get("wdir", "") / output["path"] for output in written["outs"]]


def _is_meant(path: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    """Whether the pattern means that path, or something in it."""
    fixed = pattern[: pattern.index("**")] if "**" in pattern else pattern
    return (len(path) <= len(fixed) or fixed != pattern) and all(map(fnmatchcase, path, fixed))


def _dvc(command: str, files: list[Path], remedy: str) -> None:
    if not files:
        return
    # What DVC says of it is shown as it comes: large tables take their time.
    if subprocess.run([sys.executable, "-m", "dvc", command, *files], check=False).returncode:  # noqa: S603
        raise DataError(f"DVC could not bring {', '.join(map(str, files))}, as it says above: {remedy}")

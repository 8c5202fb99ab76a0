"""What DVC knows: which stages are out of date, which files were modified, and the content of files by its hash."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from .. import paths
from ..errors import RegistryError
from ..files import write_text
from .history import Content


def outdated() -> list[str]:
    """Stages that would run, `configure` apart, which always does.

    Raises RegistryError if DVC cannot say.
    """
    told = json.loads(_dvc("status", "--json"))
    return [name for name in told if name != "configure" and not name.endswith(".dvc")]


def modified() -> list[Path]:
    """Files and folders that are not as DVC's own files name them.

    Of what its cache lacks, `dvc status` does not say whether it was modified.

    Raises RegistryError if DVC cannot say.
    """
    told = json.loads(_dvc("data", "status", "--json"))
    return [Path(name) for name in told.get("uncommitted", {}).get("modified", [])]


def content(path: Path) -> Content:
    """The name under which DVC keeps what a stage has written to a file."""
    return Content(md5=md5(path), size=path.stat().st_size)


def md5(path: Path) -> str:
    """The hash by which DVC names a content; it is no protection against people who mean harm."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def pointer(file: Content, name: str) -> str:
    """The text of a .dvc file: it names a content, and DVC fetches that into the file of this name."""
    out = {"md5": file.md5, "size": file.size, "hash": "md5", "path": name}
    return str(yaml.safe_dump({"outs": [out]}, sort_keys=False))


def fetch(file: Content, to: Path) -> None:
    """Write the content to a file: from the cache of this machine, else from DVC's remote.

    The hash suffices, so the commit that made the file need not be in this clone.

    Raises RegistryError if neither has it.
    """
    paths.SERVED_MODEL.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=paths.SERVED_MODEL.parent, prefix=".") as folder:
        place = Path(folder, "content")
        write_text(place.with_suffix(".dvc"), pointer(file, place.name))
        try:
            _dvc("pull", "--quiet", str(place.with_suffix(".dvc")))
        except RegistryError as error:
            raise RegistryError(
                f"the content {file.md5} is neither in DVC's cache here nor in its remote: run `uv run dvc push "
                f"--all-commits` where it was made, then try again ({error})"
            ) from error
        shutil.copyfile(place, to)


def _dvc(*arguments: str) -> str:
    ran = subprocess.run(  # noqa: S603 - the project's own DVC
        [sys.executable, "-m", "dvc", *arguments],
        env=os.environ | {"DVC_NO_ANALYTICS": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if ran.returncode:
        said = [line for line in ran.stderr.splitlines() if line.startswith("ERROR")] or ["no reason given"]
        raise RegistryError(f"dvc {arguments[0]}: {said[0].removeprefix('ERROR: ')}")
    return ran.stdout

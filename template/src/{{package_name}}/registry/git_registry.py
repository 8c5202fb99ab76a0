"""The registry that needs no server: a file in git names the versions, DVC keeps their content."""

from pathlib import Path

import yaml
from pydantic import ValidationError

from .. import paths
from ..config import Config
from ..errors import RegistryError
from ..files import write_text
from .dvc_files import fetch, pointer
from .history import Decision, Facts, History, Version

POINTER = paths.CHAMPION.with_name(f"{paths.CHAMPION.name}.dvc")
"""Names the champion's content, so that `dvc pull` brings it and `dvc push` keeps it."""

HEAD = "# Every version of the model and every decision about one: `poe register`, `promote`, `rollback` write it.\n"


class GitRegistry:
    """Versions in a file in git, with the hashes by which DVC fetches their content."""

    def __init__(self, file: str) -> None:
        self._file = Path(file)
        self.files = (self._file.as_posix(), POINTER.as_posix())
        self.next_step = f"commit {self._file.parent}/ and run `uv run dvc push`: then it holds for everybody"

    def history(self) -> History:
        """Everything in the file.

        Raises RegistryError if it cannot be read, as after a merge of two branches that both added to it.
        """
        if not self._file.exists():
            return History()
        try:
            return History.model_validate(yaml.safe_load(self._file.read_text(encoding="utf-8")))
        except (yaml.YAMLError, ValidationError, UnicodeDecodeError) as error:
            raise RegistryError(
                f"{self._file} cannot be read ({' '.join(str(error).split())[:200]}): restore it from git, or finish "
                "the merge: keep the versions of both sides, and give the later one the next free number"
            ) from error

    def add(self, config: Config, facts: Facts) -> int:
        """Add a version; its model is in DVC's cache since the pipeline made it."""
        history = self.history()
        number = max((version.number for version in history.versions), default=0) + 1
        history.versions.append(Version(number=number, **facts.model_dump()))
        self._write(history)
        return number

    def record(self, decision: Decision, version: Version) -> None:
        """Add a decision, and name the content of the version that it makes the champion."""
        history = self.history()
        history.decisions.append(decision)
        write_text(POINTER, pointer(version.model, paths.CHAMPION.name))
        self._write(history)

    def fetch(self, version: Version, to: Path) -> None:
        """Write the model of a version to a file, from DVC's cache or remote."""
        fetch(version.model, to)

    def _write(self, history: History) -> None:
        listed = history.model_dump(mode="json")
        listed["versions"] = [{"number": one.pop("number"), **one} for one in listed["versions"]]
        write_text(self._file, HEAD + yaml.safe_dump(listed, sort_keys=False, allow_unicode=True, width=1000))

"""A copy of each day beside those of the days before."""

import re
import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ..errors import BackupError
from .folder import save

FORM = "%Y-%m-%dT%H-%M-%SZ"
PART = ".part"
"""The end of a folder's name until its copy is whole."""
DATED = re.compile(rf"(\d{{4}}-\d\d-\d\dT\d\d-\d\d-\d\dZ)(?:{re.escape(PART)})?")
LONGEST = timedelta(days=1)
"""No save takes longer: what is a part after that was left by one that was killed."""


def save_daily(places: Mapping[str, str], into: Path, days: int) -> None:
    """Save every place into a folder named for this moment, in UTC; then delete copies that are older than the days.

    Raises BackupError if there is nothing to save or it cannot be saved; no copy is deleted then.
    """
    if not places:
        raise BackupError("there is nothing to save, so no copy of an earlier day is deleted either")
    now = datetime.now(UTC)
    parts = [folder for folder in _dated(into) if folder.name.endswith(PART)]
    _delete(parts, before=now - LONGEST)
    whole = into / now.strftime(FORM)
    part = whole.with_name(whole.name + PART)
    try:
        save(places, part)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    part.rename(whole)
    copies = [folder for folder in _dated(into) if not folder.name.endswith(PART)]
    _delete(copies, before=now - timedelta(days=days))
    print("copies:", *(folder.name for folder in copies if folder.exists()))


def _dated(into: Path) -> Iterator[Path]:
    """The folders that a run has made, from the oldest on; whatever else is there belongs to somebody else."""
    folders = into.iterdir() if into.is_dir() else ()
    yield from sorted(folder for folder in folders if folder.is_dir() and DATED.fullmatch(folder.name))


def _delete(folders: list[Path], *, before: datetime) -> None:
    for folder in folders:
        if datetime.strptime(folder.name.removesuffix(PART), FORM).replace(tzinfo=UTC) < before:
            shutil.rmtree(folder)
            print(f"deleted {folder}")

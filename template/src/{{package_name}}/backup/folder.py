"""A folder of copies, with the checksum of each file."""

from collections.abc import Mapping
from pathlib import Path

from ..errors import BackupError
from ..files import content_hash, write_text
from .place import place

SUMS = "SHA256SUMS"
"""Written last, in the form of sha256sum: a folder without it is no whole copy."""


def save(places: Mapping[str, str], folder: Path) -> None:
    """Copy every place, in the order given, into a new folder.

    Raises BackupError if the folder holds something, or a place cannot be copied.
    """
    if folder.exists() and any(folder.iterdir()):
        raise BackupError(f"{folder} is not empty, and no copy is written over: name a new folder")
    folder.mkdir(parents=True, exist_ok=True)
    for name, address in places.items():
        print(f"{name}: {place(address).save(folder / name)}")
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    lines = [f"{content_hash(path)}  {path.relative_to(folder).as_posix()}\n" for path in files]
    write_text(folder / SUMS, "".join(lines))
    print(f"saved to {folder}, with {SUMS}")


def restore(places: Mapping[str, str], folder: Path) -> None:
    """Put every copy where nothing is; a place that holds something is left as it is.

    Raises BackupError if a copy is not what was saved, or its place is taken.
    """
    _check(folder)
    for name in places:
        if not (folder / name).exists():
            raise BackupError(f"{folder} holds no copy named {name}: name the one of this project")
    for address in places.values():
        place(address).check_free()
    for name, address in places.items():
        print(f"{name}: {place(address).restore(folder / name)}")


def _check(folder: Path) -> None:
    """Hold every file against its checksum."""
    try:
        lines = (folder / SUMS).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise BackupError(f"{folder} has no {SUMS}, so it is no whole copy: take another one") from None
    for line in lines:
        expected, _, name = line.partition("  ")
        path = folder / name
        if not path.is_file() or content_hash(path) != expected:
            raise BackupError(f"{path} is not what was saved: take another copy")

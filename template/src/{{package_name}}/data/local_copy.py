"""The one copy, on this machine, of rows that lie elsewhere: whole, or absent."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from pydantic import BaseModel, ValidationError

from .. import paths
from ..files import content_hash, whole, write_text


class LocalCopy(BaseModel):
    """What is known of the copy.

    source   the SHA-256 of what names the source: an address, or a database and a query
    version  what the source said of its state, if it can say that without giving all rows
    sha256   of the content
    """

    source: str
    version: str | None
    file: str
    sha256: str

    @property
    def path(self) -> Path:
        """The file."""
        return paths.COPIES / self.file


def known(source: str) -> LocalCopy | None:
    """The copy of that source, if it is here."""
    try:
        copy = LocalCopy.model_validate_json(paths.COPY.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValidationError):
        return None
    return copy if copy.source == _digest(source) and copy.path.exists() else None


def renewed(source: str, version: str | None, suffix: str, write: Callable[[Path], None]) -> LocalCopy:
    """The copy of that source in that version: the one that is here, or one that `write` makes.

    An interrupted or failed `write` leaves the earlier copy as it was.

    version  None if the source cannot say whether it changed: then it is read anew
    """
    here = known(source)
    if here is not None and version is not None and here.version == version:
        return here
    name = f"rows{suffix}"
    with whole(paths.COPIES / name) as part:
        write(part)
        digest = content_hash(part)
        # What is known of the old file must not be taken for the new one's.
        paths.COPY.unlink(missing_ok=True)
    for old in paths.COPIES.glob("rows.*"):
        if old.name != name:
            old.unlink()
    copy = LocalCopy(source=_digest(source), version=version, file=name, sha256=digest)
    write_text(paths.COPY, copy.model_dump_json(indent=2) + "\n")
    return copy


def _digest(source: str) -> str:
    return sha256(source.encode()).hexdigest()

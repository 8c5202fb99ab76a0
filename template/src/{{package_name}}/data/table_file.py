"""The source that is a file."""

from pathlib import Path
from typing import TYPE_CHECKING

from ..config import DataConfig
from ..errors import DataError
from ..files import content_hash

if TYPE_CHECKING:
    import polars as pl


class TableFile:
    """The source that is a CSV or Parquet file on this machine."""

    def __init__(self, data: DataConfig) -> None:
        self.data = data

    def fetch(self) -> None:
        """Do nothing: the file is here."""

    def fingerprint(self) -> dict[str, str]:
        """The path and the SHA-256 of the content."""
        path = existing(Path(self.data.path))
        return {"path": path.as_posix(), "sha256": content_hash(path)}

    def read(self) -> "pl.LazyFrame":
        """Open the file without loading its rows."""
        from .scan import scan

        return scan(Path(self.data.path), self.data)


def existing(path: Path) -> Path:
    """The path, if a file is there.

    Raises DataError that names what lies beside it, if none is.
    """
    if path.is_file():
        return path
    beside = sorted(str(file) for file in path.parent.glob("*.*") if file.is_file())[:5]
    raise DataError(
        f"there is no file {path}"
        + (f"; beside it lie {', '.join(beside)}" if beside else "")
        + ": set data.path in conf/data/, or fetch the file with `uv run dvc pull`"
    )

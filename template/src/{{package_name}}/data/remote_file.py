"""A file that lies here or at an address: in a bucket, or on a web server."""

import json
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..config import DataConfig
from ..errors import DataError
from .deadline import in_time
from .local_copy import LocalCopy, known, renewed
from .table_file import TableFile

if TYPE_CHECKING:
    import polars as pl

LIBRARIES = {"s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs"}
"""By the beginning of an address: what reads it."""

CHANGES = (
    "ETag", "etag", "generation", "VersionId", "LastModified", "last_modified", "updated", "mtime", "created",
)  # fmt: skip
"""How file systems call what changes whenever the content does."""


class RemoteFile(TableFile):
    """The source that is a CSV or Parquet file on this machine, or at an address that fsspec can read.

    What lies at an address is copied to this machine, once in each of its versions.
    """

    def __init__(self, data: DataConfig) -> None:
        super().__init__(data)
        self.address = data.path if "://" in data.path else None

    def fetch(self) -> None:
        """Copy the file, unless the copy is of the same version."""
        if self.address is not None:
            self._renewed(self.address)

    def fingerprint(self) -> dict[str, str]:
        """The path or the address, and the SHA-256 of the content."""
        if self.address is None:
            return super().fingerprint()
        return {"path": self.address, "sha256": self._copied(self.address).sha256}

    def read(self) -> "pl.LazyFrame":
        """Open the file or its copy."""
        if self.address is None:
            return super().read()
        from .scan import scan

        return scan(self._copied(self.address).path, self.data, self.address)

    def _copied(self, address: str) -> LocalCopy:
        return known(address) or self._renewed(address)

    def _renewed(self, address: str) -> LocalCopy:
        suffix = _suffix(address)
        try:
            files, path, version = in_time(lambda: _found(address))
            return renewed(address, version, suffix, lambda part: files.get_file(path, str(part)))
        except FileNotFoundError:
            raise DataError(f"there is no file {address}: set data.path in conf/data/ to one") from None
        except ImportError as error:
            library = LIBRARIES.get(address.partition("://")[0], "NAME")
            raise DataError(
                f"{address} is read by a library that is not installed ({_first_line(error)}): "
                f"add it by `uv add --group pipeline {library}`"
            ) from error
        except Exception as error:  # each file system has errors of its own
            raise DataError(
                f"{address} cannot be read ({_first_line(error)}): "
                "see whether the address is right, the server runs, and your credentials let you read it"
            ) from error


def _suffix(address: str) -> str:
    """The end of the file's name; on a web server, a question may follow it."""
    is_asked = address.startswith(("http://", "https://"))
    return PurePosixPath(urlsplit(address).path if is_asked else address).suffix


def _found(address: str) -> tuple[Any, str, str | None]:
    """The file system, the path of the file in it, and its version, if the file system can tell that."""
    import fsspec  # type: ignore[import-untyped]

    files, path = fsspec.core.url_to_fs(address)
    about = files.info(path)
    if about["type"] != "file":
        raise FileNotFoundError(path)
    said = {name: about[name] for name in CHANGES if about.get(name)}
    version = json.dumps(said | {"size": about.get("size")}, default=str) if said else None
    return files, path, version


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__

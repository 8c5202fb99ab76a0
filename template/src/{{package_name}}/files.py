"""Files that are either whole or absent: each is written beside its place, then moved there."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path, PurePath
from typing import Any


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Give a temporary path to write to; it takes the place of `path` if the block ends well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 with line feeds on every system, so that hashes agree between machines."""
    with whole(path) as part:
        part.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, content: Any) -> None:
    """Write indented JSON that ends with a line feed."""
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def read_text(path: Path) -> str:
    """Read what the pipeline has written.

    Raises FileNotFoundError that says so, if it has not.
    """
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise FileNotFoundError(f"there is no {path}: run `uv run poe pipeline`, which writes it") from error


def read_json(path: Path) -> Any:
    """Read JSON that the pipeline has written.

    Raises FileNotFoundError that says so, if it has not.
    """
    return json.loads(read_text(path))


def matching(pattern: PurePath | str) -> list[Path]:
    """The files that a pattern means, sorted; it may begin at the root."""
    anchor = PurePath(pattern).anchor
    found = Path(anchor).glob(str(PurePath(pattern).relative_to(anchor)))
    return sorted(path for path in found if path.is_file())


def content_hash(path: Path) -> str:
    """SHA-256 of a file's bytes, as hexadecimal digits."""
    digest = sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def state_of(path: Path) -> tuple[int, ...] | None:
    """Tell what changes when a file is replaced or written to; None if there is no file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size

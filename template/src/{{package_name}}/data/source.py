"""Rows as they stand in the source: text from CSV, typed values from Parquet."""

import csv
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from unicodedata import normalize

import polars as pl

from .. import paths
from ..config import Config, DataConfig
from ..errors import DataError
from ..files import content_hash, write_json

SEPARATORS = ",;\t|"
SAMPLE_BYTES = 1 << 16


def fingerprint(config: Config) -> None:
    """Record which data the run is about to read, so that DVC reruns what depends on it.

    Writes  data/source.json: the path and the SHA-256 of its content.
    Raises  DataError if there is no such file.
    """
    path = _existing(Path(config.data.path))
    write_json(paths.SOURCE, {"path": path.as_posix(), "sha256": content_hash(path)})


def read(data: DataConfig, path: Path | None = None) -> pl.LazyFrame:
    """Open the file of the configuration, or another one in the same form, without loading its rows.

    Raises DataError if the file is missing, empty or of an unknown kind.
    """
    path = _existing(path or Path(data.path))
    if path.stat().st_size == 0:
        raise DataError(f"{path} is empty: give a file with a header and rows")
    if path.suffix.lower() in (".parquet", ".pq"):
        return _plain(_named(pl.scan_parquet(path), path), data.missing)
    if path.suffix.lower() in (".csv", ".tsv", ".txt"):
        rows, header = _scan_csv(data, path)
        return _plain(_named(rows, path, header), data.missing)
    raise DataError(
        f"{path} is of a kind that is not read here ('{path.suffix}'): convert it to .csv or .parquet"
    )


def collect(rows: pl.LazyFrame, source: str = "the data") -> pl.DataFrame:
    """Load rows in pieces, so that memory does not grow with what is not kept.

    Raises DataError if the file turns out to be broken on the way.
    """
    try:
        return rows.collect(engine="streaming")
    except pl.exceptions.PolarsError as error:
        raise _unreadable(source, error) from error


def _existing(path: Path) -> Path:
    if path.is_file():
        return path
    if ":/" in path.as_posix()[2:]:
        raise DataError(f"{path} is an address, and data.path names a file on this machine: fetch it first")
    beside = sorted(str(file) for file in path.parent.glob("*.*") if file.is_file())[:5]
    raise DataError(
        f"there is no file {path}"
        + (f"; beside it lie {', '.join(beside)}" if beside else "")
        + ": set data.path in conf/data/file.yaml, or fetch the file with `dvc pull`"
    )


def _named(rows: pl.LazyFrame, path: Path, header: Sequence[str] = ()) -> pl.LazyFrame:
    """The rows with names as people type them: without blanks around, accents in one piece.

    header  the names as the file has them, where Polars gives other ones
    """
    try:
        found = rows.collect_schema().names()
    except pl.exceptions.PolarsError as error:
        raise _unreadable(str(path), error) from error
    written = header if len(header) == len(found) else found
    names = [normalize("NFC", name.strip()) or f"column {place}" for place, name in enumerate(written, 1)]
    for name in names:
        if names.count(name) > 1:
            raise DataError(f"{path} has two columns '{name}': rename one of them")
        if name == "*" or (name.startswith("^") and name.endswith("$")):
            raise DataError(f"{path} has a column '{name}', which Polars reads as a pattern: rename it")
    return rows.rename(dict(zip(found, names, strict=True)))


def _plain(rows: pl.LazyFrame, missing: list[str]) -> pl.LazyFrame:
    """The rows with text stripped, and null wherever a cell means that there is no value."""
    kinds = rows.collect_schema().items()
    worded = [name for name, kind in kinds if kind in (pl.String, pl.Categorical, pl.Enum)]
    text = pl.col(worded).cast(pl.String).str.strip_chars()
    return rows.with_columns(
        pl.when(text.is_in(["", *missing])).then(None).otherwise(text).name.keep(),
        pl.col([name for name, kind in kinds if kind.is_float()]).fill_nan(None),
    )


def _scan_csv(data: DataConfig, path: Path) -> tuple[pl.LazyFrame, list[str]]:
    """The rows, and the names as the file has them."""
    source = path if _is_utf8(data.encoding) else _transcoded(path, data.encoding)
    if source == path and _starts_as_utf16(path):
        raise DataError(f"{path} is written in UTF-16: set data.encoding in conf/data/file.yaml to utf-16")
    separator = _separator(path, data) if data.separator == "auto" else data.separator
    rows = pl.scan_csv(source, separator=separator, infer_schema=False)
    return rows, _header(path, data.encoding, separator)


def _header(path: Path, encoding: str, separator: str) -> list[str]:
    """The first row: Polars keeps doubled quotes in names, and renames one that stands there twice."""
    try:
        with path.open(encoding=encoding, newline="") as stream:
            names = next(filter(None, csv.reader(stream, delimiter=separator)), [])
    except UnicodeError as error:
        raise _unreadable(str(path), error) from error
    except csv.Error:
        return []
    return [name.removeprefix("\ufeff") for name in names]


def _is_utf8(encoding: str) -> bool:
    return encoding.lower().replace("_", "-") in ("utf-8", "utf8", "utf-8-sig")


def _starts_as_utf16(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(2) in (BOM_UTF16_BE, BOM_UTF16_LE)


def _unreadable(source: str, error: Exception) -> DataError:
    """The error for a file whose rows cannot be told apart."""
    first_line = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return DataError(
        f"{source} cannot be read as a table ({first_line}): mend the file, or check data.separator and "
        "data.encoding in conf/data/file.yaml (such as ';' and latin-1)"
    )


def _transcoded(path: Path, encoding: str) -> BytesIO:
    try:
        return BytesIO(path.read_text(encoding=encoding).encode())
    except (UnicodeError, LookupError) as error:
        raise _unreadable(str(path), error) from error


def _separator(path: Path, data: DataConfig) -> str:
    """The separator that cuts the first rows into the most columns, as many in each as in the header."""
    with path.open(encoding=data.encoding, errors="replace", newline="") as stream:
        lines = stream.read(SAMPLE_BYTES).splitlines()
    # The last line may be cut short; where commas are decimal, they separate nothing.
    lines = lines[:-1] or lines
    likely = sorted(SEPARATORS, key=lambda mark: mark == data.decimal)
    return max(likely, key=lambda mark: _columns(lines, mark))


def _columns(lines: list[str], separator: str) -> tuple[bool, int]:
    try:
        widths = [len(row) for row in csv.reader(lines, delimiter=separator) if row]
    except csv.Error:
        return False, 0
    width = widths[0] if widths else 0
    return width > 1 and len(set(widths)) == 1, width

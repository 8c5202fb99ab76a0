"""Rows as they stand in the source: text from CSV, typed values from Parquet."""

import csv
from io import BytesIO
from pathlib import Path
from typing import Any

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
        return pl.scan_parquet(path)
    if path.suffix.lower() in (".csv", ".tsv", ".txt"):
        return _read_csv(data, path)
    raise DataError(
        f"{path} is of a kind that is not read here ('{path.suffix}'): convert it to .csv or .parquet"
    )


def _existing(path: Path) -> Path:
    if path.is_file():
        return path
    beside = sorted(str(file) for file in path.parent.glob("*.*") if file.is_file())[:5]
    raise DataError(
        f"there is no file {path}"
        + (f"; beside it lie {', '.join(beside)}" if beside else "")
        + ": set data.path in conf/data/file.yaml, or fetch the file with `dvc pull`"
    )


def _read_csv(data: DataConfig, path: Path) -> pl.LazyFrame:
    source = path if _is_utf8(data.encoding) else _transcoded(path, data.encoding)
    separator = _separator(path, data.encoding) if data.separator == "auto" else data.separator
    rows = pl.scan_csv(source, separator=separator, infer_schema=False)
    names = {name: name.strip() for name in _header(rows, path)}
    text = pl.all().str.strip_chars()
    return rows.rename(names).with_columns(
        pl.when(text.is_in(["", *data.missing])).then(None).otherwise(text).name.keep()
    )


def _is_utf8(encoding: str) -> bool:
    return encoding.lower().replace("_", "-") in ("utf-8", "utf8")


def _header(rows: pl.LazyFrame, path: Path) -> list[str]:
    try:
        return rows.collect_schema().names()
    except pl.exceptions.PolarsError as error:
        raise unreadable(path, error) from error


def unreadable(path: Path | str, error: Exception) -> DataError:
    """The error for a file whose rows cannot be told apart."""
    first_line = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return DataError(
        f"{path} cannot be read as a table ({first_line}): "
        "check data.separator and data.encoding in conf/data/file.yaml (such as ';' and latin-1)"
    )


def _transcoded(path: Path, encoding: str) -> BytesIO:
    try:
        return BytesIO(path.read_text(encoding=encoding).encode())
    except (UnicodeDecodeError, LookupError) as error:
        raise unreadable(path, error) from error


def _separator(path: Path, encoding: str) -> str:
    with path.open(encoding=encoding, errors="replace", newline="") as stream:
        sample = stream.read(SAMPLE_BYTES)
    try:
        return csv.Sniffer().sniff(sample, SEPARATORS).delimiter
    except csv.Error:
        header: Any = sample.splitlines()[0]
        return max(SEPARATORS, key=header.count)

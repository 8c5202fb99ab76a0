"""Rows of a file as they stand there: text from CSV, typed values from Parquet."""

import csv
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from io import BytesIO
from pathlib import Path

import polars as pl

from ..config import DataConfig
from ..errors import DataError, first_line
from .names import tidy
from .table_file import existing

SEPARATORS = ",;\t|"
SAMPLE_BYTES = 1 << 16


def scan(path: Path, form: DataConfig, name: str = "") -> pl.LazyFrame:
    """Open a file in the form that the configuration says, without loading its rows.

    name  how messages call the file, where its path would tell people nothing
    Raises DataError if it is missing, empty or of an unknown kind.
    """
    path, name = existing(path), name or str(path)
    if path.stat().st_size == 0:
        raise DataError(f"{name} is empty: give a file with a header and rows")
    if path.suffix.lower() in (".parquet", ".pq"):
        return _named(pl.scan_parquet(path), [], name)
    if path.suffix.lower() in (".csv", ".tsv", ".txt"):
        return _named(*_scan_csv(path, form, name), name)
    raise DataError(
        f"{name} is of a kind that is not read here ('{path.suffix}'): convert it to .csv or .parquet"
    )


def unreadable(name: str, error: Exception) -> DataError:
    """The error for a file whose rows cannot be told apart."""
    return DataError(
        f"{name} cannot be read as a table ({first_line(error)}): mend the file, or check data.separator and "
        "data.encoding in conf/data/ (such as ';' and latin-1)"
    )


def _named(rows: pl.LazyFrame, header: list[str], name: str) -> pl.LazyFrame:
    """The rows with tidy names: those of the header, where Polars gives other ones."""
    try:
        found = rows.collect_schema().names()
    except pl.exceptions.PolarsError as error:
        raise unreadable(name, error) from error
    written = header if len(header) == len(found) else found
    return rows.rename(dict(zip(found, tidy(written, name), strict=True)))


def _scan_csv(path: Path, form: DataConfig, name: str) -> tuple[pl.LazyFrame, list[str]]:
    """The rows, and the names as the file has them."""
    source = path if _is_utf8(form.encoding) else _transcoded(path, form.encoding, name)
    if source == path and _starts_as_utf16(path):
        raise DataError(f"{name} is written in UTF-16: set data.encoding in conf/data/ to utf-16")
    separator = _separator(path, form) if form.separator == "auto" else form.separator
    rows = pl.scan_csv(source, separator=separator, infer_schema=False)
    return rows, _header(path, form.encoding, separator, name)


def _header(path: Path, encoding: str, separator: str, name: str) -> list[str]:
    """The first row: Polars keeps doubled quotes in names, and renames one that stands there twice."""
    try:
        with path.open(encoding=_without_mark(encoding), newline="") as stream:
            return next(filter(None, csv.reader(stream, delimiter=separator)), [])
    except UnicodeError as error:
        raise unreadable(name, error) from error
    except csv.Error:
        return []


def _without_mark(encoding: str) -> str:
    """The codec that leaves out the byte order mark with which Excel begins a file: a quote has to come first."""
    return "utf-8-sig" if _is_utf8(encoding) else encoding


def _is_utf8(encoding: str) -> bool:
    return encoding.lower().replace("_", "-") in ("utf-8", "utf8", "utf-8-sig")


def _starts_as_utf16(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(2) in (BOM_UTF16_BE, BOM_UTF16_LE)


def _transcoded(path: Path, encoding: str, name: str) -> BytesIO:
    try:
        return BytesIO(path.read_text(encoding=encoding).encode())
    except (UnicodeError, LookupError) as error:
        raise unreadable(name, error) from error


def _separator(path: Path, form: DataConfig) -> str:
    """The separator that cuts the first rows into the most columns, as many in each as in the header."""
    with path.open(encoding=_without_mark(form.encoding), errors="replace", newline="") as stream:
        lines = stream.read(SAMPLE_BYTES).splitlines()
    # The last line may be cut short; where commas are decimal, they separate nothing.
    lines = lines[:-1] or lines
    likely = sorted(SEPARATORS, key=lambda mark: mark == form.decimal)
    return max(likely, key=lambda mark: _columns(lines, mark))


def _columns(lines: list[str], separator: str) -> tuple[bool, int]:
    try:
        widths = [len(row) for row in csv.reader(lines, delimiter=separator) if row]
    except csv.Error:
        return False, 0
    width = widths[0] if widths else 0
    return width > 1 and len(set(widths)) == 1, width

"""Names of columns as people type them."""

from collections.abc import Sequence
from unicodedata import normalize

from ..errors import DataError


def tidy(written: Sequence[str], source: str) -> list[str]:
    """The names without blanks around and with accents in one piece; a column without one gets its place.

    Raises DataError if two columns have the same name, or Polars would take one for a pattern.
    """
    names = [normalize("NFC", name.strip()) or f"column {place}" for place, name in enumerate(written, 1)]
    for name in names:
        if names.count(name) > 1:
            raise DataError(f"{source} has two columns '{name}': rename one of them")
        if name == "*" or (name.startswith("^") and name.endswith("$")):
            raise DataError(f"{source} has a column '{name}', which Polars reads as a pattern: rename it")
    return names

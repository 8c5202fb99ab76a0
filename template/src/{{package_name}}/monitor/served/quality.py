"""What is odd about the values that were asked, beside how they are distributed."""

from collections.abc import Iterator, Sequence

import polars as pl

from ...schema import Column
from .verdict import Quality

MOST_EXAMPLES = 3


def quality(reference: pl.DataFrame, asked: pl.DataFrame, columns: Sequence[Column]) -> Iterator[Quality]:
    """Look for values that are missing, and for those that no training row has."""
    for column in columns:
        known, new = reference[column.name], asked[column.name]
        unknown = new.filter(_is_unknown(known, new))
        yield Quality(
            column=column.name,
            missing=new.null_count() / len(new),
            missing_in_training=known.null_count() / len(known),
            unknown=len(unknown) / len(new),
            examples=[str(value) for value in unknown.unique().sort()[:MOST_EXAMPLES]],
        )


def _is_unknown(known: pl.Series, new: pl.Series) -> pl.Series:
    if known.dtype.is_numeric() or known.dtype.is_temporal():
        low, high = known.min(), known.max()
        if low is None:
            return new.is_not_null()
        return ((new < low) | (new > high)).fill_null(False)
    return (~new.is_in(known.drop_nulls().unique().implode())).fill_null(False)

"""What is odd about the values that were asked, beside how they are distributed."""

import polars as pl

from .verdict import Quality

MOST_EXAMPLES = 3


def quality(name: str, known: pl.Series, new: pl.Series) -> Quality:
    """Look for values of a column that are missing, and for those that no training row has."""
    unknown = new.filter(_is_unknown(known, new))
    return Quality(
        column=name,
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

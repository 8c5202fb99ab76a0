"""The schema that a table seems to follow: each column's type, and its part in the prediction."""

import re

import polars as pl

from ..config import Config, DataConfig
from ..errors import DataError
from ..schema import Column, Schema
from .framing import Framing, configured_framing
from .leaks import leaking
from .profile import Profile, profiles
from .rows import collect
from .table import typed_column
from .target import Target, target_of
from .validate import quoted
from .value_type import LIKE_DATES, typed_as

BEGIN, END = r"(^|[_\W]|(?-i:(?<=[a-z])(?=[A-Z])))", r"($|[_\W])"
"""Of a word in a name, as in customer_id, CustomerId and "customer id"."""
WORDS_OF_IDENTIFIERS = re.compile(f"{BEGIN}(id|ids|uuid|guid|key|index|idx|nr|number|no){END}", re.IGNORECASE)
WORDS_OF_PEOPLE = re.compile(
    f"{BEGIN}(sex|gender|race|ethnicity|religion|nationality|disability|age|marital|geschlecht|sexe){END}",
    re.IGNORECASE,
)


def infer(raw: pl.LazyFrame, config: Config) -> Schema:
    """Infer the schema of the raw table.

    Raises DataError if the target is not among the columns, or cannot be a target of the task.
    """
    source, name = config.data.path, config.data.target
    names = raw.collect_schema().names()
    if name not in names:
        raise DataError(
            f"data.target is '{name}', which is no column of {source}; "
            f"it has {quoted([one[:40] for one in names])}: set data.target in conf/data/ to one of them"
        )
    seen = profiles(raw, config.data)
    if seen[0].rows == 0:
        raise DataError(f"{source} has a header and no rows: there is nothing to learn from")
    target = target_of(config.task)
    columns = [_target(one, target) if one.name == name else _feature(one) for one in seen]
    framing = configured_framing(config)
    if framing is not None:
        return Schema(columns=_with_time(columns, raw, framing, config.data))
    suspects = leaking(raw, Schema(columns=columns), target, config.data.decimal)
    return Schema(
        columns=[
            _ignored(_noted(column, suspects[column.name])) if column.name in suspects else column
            for column in columns
        ]
    )


def _target(seen: Profile, target: Target) -> Column:
    if seen.present == 0:
        raise DataError(f"the target '{seen.name}' has a value in no row: set data.target to another column")
    if not seen.is_value:
        raise DataError(
            f"the target '{seen.name}' is a {seen.kind}: set data.target to a column of numbers or text"
        )
    return target.column(seen)


def _feature(seen: Profile) -> Column:
    """A column that a prediction may be made from, or ignored with the reason."""
    nothing = Column(name=seen.name, type="text", missing=1, role="ignored")
    if seen.present == 0:
        return _noted(nothing, "empty: no row has a value")
    if not seen.is_value:
        why = f"{seen.kind}: no number, text or date; turn it into one if it should be a feature"
        return _noted(nothing, why)
    column = typed_as(seen)
    if seen.distinct == 1:
        return _ignored(_noted(column, "constant: every value is the same"))
    if column.type == "integer" and _is_identifier(seen):
        return _ignored(_noted(column, "identifier: the values name rows"))
    if column.role == "feature" and WORDS_OF_PEOPLE.search(seen.name):
        return _noted(column, "about people? set sensitive: true to measure fairness by it")
    return column


def _is_identifier(seen: Profile) -> bool:
    """Whether whole numbers name rows: each is there once, and they count them or are called like a name."""
    if not seen.names_rows or seen.low is None or seen.high is None:
        return False
    counts_rows = seen.high - seen.low + 1 == seen.distinct
    return counts_rows or bool(WORDS_OF_IDENTIFIERS.search(seen.name))


def _ignored(column: Column) -> Column:
    return column.model_copy(update={"role": "ignored"})


def _noted(column: Column, note: str) -> Column:
    """The column with one more thing to look at."""
    return column.model_copy(update={"note": f"{column.note}; {note}" if column.note else note})


def _with_time(columns: list[Column], raw: pl.LazyFrame, framing: Framing, data: DataConfig) -> list[Column]:
    """The columns, of which the first one with dates orders the rows; one that is the same in all cannot."""
    time = next((column for column in columns if column.type == "date" and column.role == "feature"), None)
    if time is None:
        near = next((column.name for column in columns if LIKE_DATES in (column.note or "")), None)
        remedy = f"'{near}' {LIKE_DATES}" if near else "add it, or mend its form"
        raise DataError(
            f"{data.path} has no column of dates, and a forecast needs one: "
            f"{remedy} (2026-01-31 is read without asking)"
        )
    moments = typed_column(time, raw.collect_schema()[time.name]).drop_nulls()
    remark = framing.remark(collect(raw.select(moments)).to_series().to_numpy())
    ordering = time.model_copy(update={"role": "time", "missing": 0.0})
    ordering = ordering if remark is None else _noted(ordering, remark)
    return [ordering if column is time else column for column in columns]

"""`poe schema`: infer conf/schema.yaml from the data, and report what was seen."""

from itertools import count
from pathlib import Path

import polars as pl

from .. import paths
from ..config import Config
from ..errors import SchemaError
from ..schema import Column, Schema
from ..terminal import aligned
from .extend import difference, extend
from .infer import infer
from .rows import read
from .schema_file import load_schema, origin_of, write_schema
from .source import fetch
from .validate import quoted, violations

PREVIOUS = paths.SCHEMA.with_name("schema.previous.yaml")


def describe(config: Config, *, replace: bool = False) -> str:
    """Write the inferred schema and return a report for the person who runs it.

    Where a person wrote the schema of this table, or it came with the example data, what stands there stays as it is:
    columns that came are added, and rules that rows break are reported.

    Writes  conf/schema.yaml; an edited one is kept as conf/schema.previous.yaml when it is replaced.
    Raises  SchemaError if the present schema was edited for another table and `replace` is not set; DataError if the
            source cannot be read or has no such target.
    """
    fetch(config.data)
    raw = read(config.data)
    seen = infer(raw, config)
    origin = origin_of(paths.SCHEMA) if paths.SCHEMA.exists() else "inferred"
    if origin != "inferred" and not replace:
        other = difference(_written(paths.SCHEMA), seen, origin)
        if other is None:
            schema, added = extend(paths.SCHEMA, seen, origin)
            return "\n".join([*_table(schema), *_kept(schema, seen, added, raw, config)])
        if origin == "edited":
            raise SchemaError(
                f"{paths.SCHEMA} was edited, and {other}: change that there, or {_instead(PREVIOUS)}"
            )
    schema = with_marks(seen, paths.SCHEMA)
    kept = _keep_edited(paths.SCHEMA) if origin == "edited" else []
    write_schema(schema, paths.SCHEMA)
    return "\n".join([*_table(schema), *_advice(schema, config), *kept])


def _written(path: Path) -> Schema:
    try:
        return load_schema(path)
    except SchemaError as error:
        raise SchemaError(f"{error}\nOr {_instead(PREVIOUS)}.") from error


def _instead(kept_as: Path) -> str:
    return f"run `uv run poe schema --replace` to infer it anew and keep the edited one as {kept_as}"


def with_marks(schema: Schema, earlier: Path) -> Schema:
    """Keep the mark `sensitive`, which only a person can give, for columns that were there before."""
    try:
        marked = {column.name for column in load_schema(earlier).sensitive}
    except SchemaError:
        return schema
    return Schema(
        columns=[
            column.model_copy(update={"sensitive": True, "note": None}) if column.name in marked else column
            for column in schema.columns
        ]
    )


def _keep_edited(path: Path) -> list[str]:
    """Move it aside, under a name that no earlier one has."""
    places = (PREVIOUS if i == 1 else PREVIOUS.with_stem(f"{PREVIOUS.stem}-{i}") for i in count(1))
    free = next(place for place in places if not place.exists())
    path.replace(free)
    return [f"The edited schema is kept as {free}."]


def _table(schema: Schema) -> list[str]:
    rows = [("column", "type", "role", "values", "may be missing")]
    rows += [
        (c.name, c.type, c.role, _values(c), f"{c.missing:.0%}" if c.missing else "no")
        for c in schema.columns
    ]
    head, *lines = aligned(rows)
    return [head, "-" * len(head), *lines]


def _values(column: Column) -> str:
    if column.range is not None:
        return f"{column.range[0]:.15g} to {column.range[1]:.15g}"
    if column.categories is not None:
        shown = ", ".join(column.categories[:4])
        return f"{shown}, ... ({len(column.categories)})" if len(column.categories) > 4 else shown
    return column.format or ""


def _advice(schema: Schema, config: Config) -> list[str]:
    return [
        *_notes(schema.columns),
        "",
        f"Wrote {paths.SCHEMA} for {config.data.path}: "
        f"the target is '{schema.target.name}', features: {len(schema.features)}.",
        "Read it, correct what is wrong, then run `uv run poe pipeline`.",
    ]


def _notes(columns: list[Column]) -> list[str]:
    notes = [f"  {column.name}: {column.note}" for column in columns if column.note]
    return ["", "Look at these:", *notes] if notes else []


def _kept(schema: Schema, seen: Schema, added: list[str], raw: pl.LazyFrame, config: Config) -> list[str]:
    """What came with the table, what was seen in columns that are in use, and what breaks what was written."""
    undecided = [column.name for column in schema.used if not column.sensitive]
    used = raw.select(column.name for column in schema.used)
    broken = [f"  {violation}" for violation in violations(used, schema, config.data.decimal)]
    advice = ["", f"{config.data.path} breaks it, so the pipeline would stop:", *broken] if broken else []
    told = f"Added to {paths.SCHEMA}: {quoted(added)}" if added else f"{paths.SCHEMA} names every column"
    return [
        *_notes([column for column in seen.columns if column.name in {*added, *undecided}]),
        *advice,
        "",
        f"{told}; what people wrote there stays as it is. The target is '{schema.target.name}'.",
        "Correct it where it is wrong, or run `uv run poe schema --replace` to infer all of it anew.",
    ]

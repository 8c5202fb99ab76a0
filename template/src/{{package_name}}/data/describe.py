"""`poe schema`: infer conf/schema.yaml from the data, and report what was seen."""

from pathlib import Path

from .. import paths
from ..config import Config
from ..errors import SchemaError
from ..schema import Column, Schema
from ..terminal import aligned
from .infer import infer
from .rows import read
from .schema_file import is_edited, load_schema, write_schema
from .source import fetch

PREVIOUS = paths.SCHEMA.with_name("schema.previous.yaml")


def describe(config: Config, *, replace: bool = False) -> str:
    """Write the inferred schema and return a report for the person who runs it.

    Writes  conf/schema.yaml; an edited one is kept as conf/schema.previous.yaml when it is replaced.
    Raises  SchemaError if the present schema was edited and `replace` is not set; DataError if the source
            cannot be read or has no such target.
    """
    fetch(config.data)
    schema = with_marks(infer(read(config.data), config), paths.SCHEMA)
    kept = _keep_edited(paths.SCHEMA, replace=replace)
    write_schema(schema, paths.SCHEMA)
    return "\n".join([*_table(schema), *_advice(schema, config), *kept])


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


def _keep_edited(path: Path, *, replace: bool) -> list[str]:
    if not path.exists() or not is_edited(path):
        return []
    if not replace:
        raise SchemaError(
            f"{path} was edited since it was inferred, and would be lost: run `uv run poe schema --replace` "
            f"to infer it anew and keep the edited one as {PREVIOUS}"
        )
    path.replace(PREVIOUS)
    return [f"The edited schema is kept as {PREVIOUS}."]


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
    notes = [f"  {column.name}: {column.note}" for column in schema.columns if column.note]
    found = ["", "Look at these:", *notes] if notes else []
    return [
        *found,
        "",
        f"Wrote {paths.SCHEMA} for {config.data.path}: "
        f"the target is '{schema.target.name}', features: {len(schema.features)}.",
        "Read it, correct what is wrong, then run `uv run poe pipeline`.",
    ]

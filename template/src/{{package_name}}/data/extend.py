"""A schema that people wrote, and a table that has grown: what they wrote stays, what came is added."""

from pathlib import Path

import yaml

from ..errors import SchemaError
from ..files import write_text
from ..schema import Schema
from .schema_file import Origin, load_schema, parse_schema, render_columns, write_schema
from .validate import quoted


def difference(written: Schema, seen: Schema, origin: Origin) -> str | None:
    """Why the table is not the one that was written about, with or without more columns; None if it is.

    In the schema of the example, another target is put in its place: nobody decided about either.
    """
    there = {column.name for column in seen.columns}
    gone = [column.name for column in written.used if column.name not in there]
    if gone:
        return f"it describes {quoted(gone)}, which the data has not"
    if origin == "edited" and written.target.name != seen.target.name:
        return f"its target is '{written.target.name}', and data.target is '{seen.target.name}'"
    return None


def extend(path: Path, seen: Schema, origin: Origin) -> tuple[Schema, list[str]]:
    """Add the columns that the schema does not describe yet, and return it with their names.

    seen    what the table seems to follow, in which it has every column that the schema uses
    Raises  SchemaError if the file is written in a form to which no column can be added.
    """
    written = load_schema(path)
    whole, added = _with_new(written, seen)
    if whole == written:
        return written, added
    if origin == "example":
        write_schema(whole, path, origin)
        return whole, added
    # Their remarks, and the order of their lines, stay too: nothing is written anew.
    lines = render_columns(whole.columns[-len(added) :])
    text = f"{path.read_text(encoding='utf-8').rstrip()}\n\n{lines}"
    if not _says(text, whole):
        raise SchemaError(
            f"{path} lacks {quoted(added)}, and these lines cannot be put at its end as it is written; "
            f"add them to its columns:\n{lines}"
        )
    write_text(path, text)
    return whole, added


def _with_new(written: Schema, seen: Schema) -> tuple[Schema, list[str]]:
    targets = {written.target.name, seen.target.name}
    inferred = {column.name: column for column in seen.columns}

    known = {column.name for column in written.columns}
    new = [
        # Rows are ordered by one column, and theirs is chosen.
        column.model_copy(update={"role": "feature"}) if column.role == "time" and written.time else column
        for column in seen.columns
        if column.name not in known
    ]
    changed = targets if len(targets) > 1 else set()
    kept = [inferred[column.name] if column.name in changed else column for column in written.columns]
    return written.model_copy(update={"columns": [*kept, *new]}), [column.name for column in new]


def _says(text: str, schema: Schema) -> bool:
    try:
        return parse_schema(text) == schema
    except (yaml.YAMLError, ValueError):  # the latter is Pydantic's
        return False

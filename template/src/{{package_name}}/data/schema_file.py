"""conf/schema.yaml: read with errors that name the place, written for people to edit."""

from hashlib import sha256
from pathlib import Path
from typing import Literal

import yaml
from pydantic import ValidationError

from ..errors import SchemaError
from ..files import write_text
from ..schema import Column, Schema

HEADER = """\
# What each column means and which values it may hold. The pipeline, the API and the monitor obey this file.
# `uv run poe schema` inferred it from the data; it is yours to edit.
#   role        feature | target | time (orders the rows) | group (its rows stay on one side of the split) | ignored
#   sensitive   true: fairness is measured by this column, whatever its role
#   missing     the largest share of rows that may lack a value; 0 forbids it
#   range       smallest and largest value that may occur
#   categories  the values that may occur; with `open: true` others may too, and count as unknown
"""
Origin = Literal["inferred", "example", "edited"]
CHECKSUMS: dict[Origin, str] = {
    "inferred": "# inferred, checksum ",
    "example": "# comes with the example data, checksum ",
}
COLUMNS = "columns:\n"


def read_schema(path: Path, target: str) -> Schema:
    """Read the schema and hold it against the configured target.

    Raises SchemaError if the file is missing, malformed, or names another target.
    """
    schema = load_schema(path)
    if schema.target.name != target:
        raise SchemaError(
            f"{path} has the target '{schema.target.name}', but data.target in the configuration is "
            f"'{target}': change either, or run `uv run poe schema` to infer the schema anew"
        )
    return schema


def load_schema(path: Path) -> Schema:
    """Read the schema.

    Raises SchemaError if the file is missing or malformed.
    """
    if not path.exists():
        raise SchemaError(f"there is no {path}: run `uv run poe schema` to infer it from the data")
    try:
        return parse_schema(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SchemaError(f"{path} is not valid YAML in UTF-8: {error}") from error
    except ValidationError as error:
        found = "\n".join(f"  {'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise SchemaError(f"{path} does not describe a table, mend it there:\n{found}") from error


def parse_schema(text: str) -> Schema:
    """Read the text of a schema; raises what YAML or Pydantic do if it is none."""
    return Schema.model_validate(yaml.safe_load(text))


def render_schema(schema: Schema, origin: Origin = "inferred") -> str:
    """The schema as YAML, one line per rule, with a checksum that shows later edits."""
    body = COLUMNS + render_columns(schema.columns)
    return f"{HEADER}{CHECKSUMS[origin]}{_checksum(body)}\n{body}"


def render_columns(columns: list[Column]) -> str:
    """Columns as they follow each other in the list of a schema."""
    return "\n".join(_render_column(column) for column in columns)


def origin_of(path: Path) -> Origin:
    """Whether the schema is as it was inferred, as it came with the example data, or a person edited it."""
    text = path.read_text(encoding="utf-8", errors="replace")
    head, columns, body = text.partition(COLUMNS)
    for origin, mark in CHECKSUMS.items():
        if head == f"{HEADER}{mark}{_checksum(columns + body)}\n":
            return origin
    return "edited"


def write_schema(schema: Schema, path: Path, origin: Origin = "inferred") -> None:
    """Write the schema for people to read and edit."""
    write_text(path, render_schema(schema, origin))


def _checksum(body: str) -> str:
    return sha256(body.encode()).hexdigest()[:16]


def _render_column(column: Column) -> str:
    rules = column.model_dump(exclude_defaults=True)
    if column.range is not None:
        rules["range"] = [int(end) if end.is_integer() else end for end in column.range]
    return "  - " + "\n    ".join(f"{key}: {_inline(value)}" for key, value in rules.items()) + "\n"


def _inline(value: object) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=1_000_000)
    return text.removesuffix("\n").removesuffix("\n...")

"""What each column means and which values it may hold: the contract of pipeline, service and monitor."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from .files import read_text

Type = Literal["number", "integer", "boolean", "category", "date", "text"]
Role = Literal["feature", "target", "time", "group", "ignored"]


class Column(BaseModel):
    """One column of the table and the rules that its values obey."""

    model_config = ConfigDict(extra="forbid")

    name: str
    type: Type
    role: Role = "feature"
    sensitive: bool = False
    missing: Annotated[float, Field(ge=0, le=1)] = 0.0
    range: tuple[float, float] | None = None
    categories: list[str] | None = None
    open: bool = False
    format: str | None = None
    note: str | None = None

    @model_validator(mode="after")
    def _rules_fit_the_type(self) -> "Column":
        if self.range is not None and self.type not in ("number", "integer"):
            raise ValueError(f"column '{self.name}' is {self.kind} and cannot have a range")
        if self.range is not None and self.range[0] > self.range[1]:
            raise ValueError(f"column '{self.name}' has a range whose first end is the larger one")
        if self.categories is not None and self.type != "category":
            raise ValueError(f"column '{self.name}' is {self.kind} and cannot have categories")
        if self.format is not None and self.type != "date":
            raise ValueError(f"column '{self.name}' is {self.kind} and cannot have a format")
        if self.type == "text" and self.role == "feature":
            raise ValueError(
                f"column '{self.name}' is free text, which no model here learns from: "
                "give it the role ignored, or the type category"
            )
        return self

    @property
    def kind(self) -> str:
        """The type with its article, as a sentence names it."""
        return f"{'an' if self.type == 'integer' else 'a'} {self.type}"


class Schema(BaseModel):
    """All columns, exactly one of which is the target.

    source  the schema of the rows that the table was made from, where they are not the same
    """

    model_config = ConfigDict(extra="forbid")

    columns: list[Column]
    source: "Schema | None" = None

    @model_validator(mode="after")
    def _columns_make_one_table(self) -> "Schema":
        names = [column.name for column in self.columns]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"column '{twice[0]}' stands twice in the schema: keep one of them")
        for role, least in (("target", 1), ("time", 0), ("group", 0)):
            found = [column.name for column in self.columns if column.role == role]
            if not least <= len(found) <= 1:
                raise ValueError(
                    f"{len(found)} columns have the role {role} {found}: "
                    f"give it to {'exactly' if least else 'at most'} one"
                )
        return self

    @classmethod
    def from_file(cls, path: Path) -> "Schema":
        """Read the schema that a stage has written as JSON.

        Raises FileNotFoundError if none has.
        """
        return cls.model_validate_json(read_text(path))

    @property
    def target(self) -> Column:
        """The column to predict."""
        return next(column for column in self.columns if column.role == "target")

    @property
    def features(self) -> list[Column]:
        """The columns that a prediction is made from, in the order of the file."""
        return [column for column in self.columns if column.role == "feature"]

    @property
    def used(self) -> list[Column]:
        """The columns that are checked and kept; ignored ones are dropped when rows are read."""
        return [column for column in self.columns if column.role != "ignored" or column.sensitive]

    @property
    def time(self) -> Column | None:
        """The column that orders the rows in time, if one does."""
        return self._only("time")

    @property
    def group(self) -> Column | None:
        """The column whose rows stay on one side of the split, if there is one."""
        return self._only("group")

    @property
    def sensitive(self) -> list[Column]:
        """The columns by which fairness is measured."""
        return [column for column in self.columns if column.sensitive]

    def _only(self, role: Role) -> Column | None:
        return next((column for column in self.columns if column.role == role), None)

"""What a comparison with the training data found, for people and for machines."""

from typing import Literal

from pydantic import BaseModel, computed_field

from ..schema import Type

Role = Literal["feature", "target", "prediction"]


class Change(BaseModel):
    """One test, judged: `drifted` if both the corrected p-value and the effect pass their thresholds."""

    test: str
    statistic: float
    p_value: float
    corrected_p_value: float
    effect: float
    drifted: bool

    def __str__(self) -> str:
        """How much and how certain, in a few words."""
        return f"effect {self.effect:.2f} (p = {self.corrected_p_value:.2g}, {self.test})"


class Score(BaseModel):
    """One test by a method that gives a single figure, with the bound that it is held against."""

    test: str
    score: float
    threshold: float
    drifted: bool

    def __str__(self) -> str:
        """The figure, and what it is held against."""
        return f"{self.test} {self.score:.2g}, with a threshold of {self.threshold:g}"


class Bin(BaseModel):
    """The share of the rows that lies in one bin of a histogram."""

    label: str
    reference: float
    new: float


class ColumnVerdict(BaseModel):
    """What became of one column: of its values and of the share of rows that lack one.

    A change is None where there was nothing to test: no values on one side, or none missing on both.
    """

    name: str
    role: Role
    type: Type
    values: Change | Score | None
    missing: Change | Score | None
    missing_in_reference: float
    missing_in_new: float
    histogram: list[Bin] = []

    @computed_field  # type: ignore[prop-decorator]
    @property
    def drifted(self) -> bool:
        """Whether the values or the missing ones have drifted."""
        return any(change.drifted for change in (self.values, self.missing) if change is not None)


class BrokenRule(BaseModel):
    """A rule of the schema that new rows break; `examples` pairs a row's number with its value."""

    column: str
    rule: str
    rows: int
    examples: list[tuple[int, str | None]]


class Verdict(BaseModel):
    """What a comparison with the training data found; printed, it is what a person needs to know."""

    file: str
    drifted: bool
    reference_rows: int
    new_rows: int
    columns: list[ColumnVerdict]
    prediction: ColumnVerdict | None
    quality: list[BrokenRule]

    @property
    def sentence(self) -> str:
        """The verdict in one line."""
        if not self.columns:
            return f"{'Drift' if self.drifted else 'No drift'} of the predictions."
        found = [column.name for column in self.columns if column.drifted]
        number = f"{len(found)} of {len(self.columns)}" if found else f"none of {len(self.columns)}"
        names = f" ({', '.join(found)})" if found else ""
        predictions = ""
        if self.prediction is not None:
            words = {
                (True, True): ", and so did the predictions",
                (True, False): ", the predictions did not",
                (False, True): ", but the predictions did",
                (False, False): ", nor did the predictions",
            }
            predictions = words[bool(found), self.prediction.drifted]
        return f"{'Drift' if self.drifted else 'No drift'}: {number} columns drifted{names}{predictions}."

    def __str__(self) -> str:
        """The verdict, the changes behind it, and the rules that were broken."""
        lines = [
            f"{self.sentence} {self.file}: {self.new_rows} rows, "
            f"compared with {self.reference_rows} {'training' if self.columns else 'test'} rows."
        ]
        judged = [*self.columns, *([self.prediction] if self.prediction else [])]
        for column in judged:
            for what, change in (("values", column.values), ("missing values", column.missing)):
                if change is not None and change.drifted:
                    lines.append(f"  {column.name}: {what} drifted, {change}")
        lines += [f"  {rule.column}: {rule.rows} rows break the rule: {rule.rule}" for rule in self.quality]
        return "\n".join(lines)

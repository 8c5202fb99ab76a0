"""What is remembered of versions and decisions, and what follows from it."""

from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from .git import person


class Remembered(BaseModel):
    """A part of the history; a key that it does not know is an error."""

    model_config = ConfigDict(extra="forbid")


class Content(Remembered):
    """A file of the pipeline, by the name under which DVC keeps what is in it."""

    md5: str
    size: int


class Signed(Remembered):
    """Who did something, when and why."""

    when: datetime = Field(default_factory=lambda: datetime.now(UTC))
    who: str = Field(default_factory=person)
    why: str


class Facts(Signed):
    """What tells a model from any other, and how good it is.

    candidate   the name of the candidate that won
    commit      of git: code, settings and reports stand there
    model       the exported model
    train       the table that it learned from
    trained_on  SHA-256 of that table, as the service tells it
    features    SHA-256 of the code that makes features: the model is to be served with this one
    test_rows   fingerprint of the test rows: models with equal ones were measured on the same rows
    metrics     by name, on the test rows
    """

    candidate: str
    commit: str
    model: Content
    train: Content
    trained_on: str
    features: str
    test_rows: str
    metrics: dict[str, float]


class Version(Facts):
    """A model that was registered."""

    number: int


class Decision(Signed):
    """What was decided about a version."""

    action: Literal["promote", "rollback"]
    version: int


class History(Remembered):
    """Every version, by rising number, and every decision, oldest first."""

    versions: list[Version] = []
    decisions: list[Decision] = []

    @model_validator(mode="after")
    def _is_whole(self) -> "History":
        numbers = [version.number for version in self.versions]
        if len(numbers) > len({*numbers}):
            raise ValueError("two versions have the same number")
        if unknown := {decision.version for decision in self.decisions} - {*numbers}:
            raise ValueError(f"version {min(unknown)} was decided about, and is not there")
        return self

    def version(self, number: int) -> Version | None:
        """The version of that number, if there is one."""
        return next((version for version in self.versions if version.number == number), None)

    @property
    def champions(self) -> list[Version]:
        """The version that serves, last, after those that it replaced; what was rolled back is none of them."""
        numbers: list[int] = []
        for decision in self.decisions:
            if decision.action == "rollback" and decision.version in numbers:
                del numbers[numbers.index(decision.version) + 1 :]
            else:
                numbers = [one for one in numbers if one != decision.version] + [decision.version]
        return [version for number in numbers if (version := self.version(number))]

    @property
    def champion(self) -> Version | None:
        """The version that serves."""
        return self.champions[-1] if self.decisions else None

    @property
    def challenger(self) -> Version | None:
        """The newest version, until something is decided about it."""
        decided = {decision.version for decision in self.decisions}
        newest = self.versions[-1:]
        return newest[0] if newest and newest[0].number not in decided else None

"""copier.yml as data: the choices of its questions, and its two tables of files."""

import json
import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, count, islice, product
from pathlib import Path, PurePosixPath
from typing import Any

import yaml
from covertable import make
from jinja2 import Environment, StrictUndefined
from pathspec import GitIgnoreSpec

Answers = Mapping[str, Any]
Refused = Iterable[Mapping[str, Any]]

_JINJA = Environment(undefined=StrictUndefined, keep_trailing_newline=True)


def read(template: Path) -> dict[str, Any]:
    """Return copier.yml."""
    loaded: dict[str, Any] = yaml.safe_load((template / "copier.yml").read_text(encoding="utf-8"))
    return loaded


def questions(settings: Answers) -> dict[str, dict[str, Any]]:
    """Return what a person is asked: every question that is not a hidden value."""
    return {
        name: question
        for name, question in settings.items()
        if not name.startswith("_") and question.get("when") is not False
    }


def choices(settings: Answers) -> dict[str, list[Any]]:
    """Return the questions that are answered from a list, with that list."""
    return {
        name: list(listed.values() if isinstance(listed, dict) else listed)
        for name, question in questions(settings).items()
        if (listed := question.get("choices"))
    }


def impossible(settings: Answers) -> list[dict[str, Any]]:
    """Return the combinations that are refused: under `answers` what, under `because` why."""
    listed: list[dict[str, Any]] = json.loads(settings["impossible"]["default"])
    return listed


def is_possible(settings: Answers, answers: Answers) -> bool:
    """Say whether no refused combination is part of these answers, which may be incomplete."""
    given = answers.items()
    return not any(refused["answers"].items() <= given for refused in impossible(settings))


def covering(
    settings: Answers, names: Sequence[str], strength: int = 2, left_out: Refused = ()
) -> list[dict[str, Any]]:
    """Return few sets of answers to these questions in which any `strength` possible ones meet.

    left_out  further combinations that are refused, in the form of those in copier.yml
    """
    listed = choices(settings)
    factors = {name: listed[name] for name in names}
    refused = [combination["answers"] for combination in [*impossible(settings), *left_out]]
    constraints = [
        {
            "operator": "or",
            "conditions": [{"operator": "ne", "left": n, "value": v} for n, v in answers.items()],
        }
        for answers in refused
        if answers.keys() <= factors.keys()
    ]
    # Of several arrays the shortest: a pair costs minutes where projects run, three answers a mere render. Any salt
    # gives a whole array; of a thousand tried, 137 gave the shortest for the questions of today.
    salts = (137, *range(5)) if strength == 2 else (0,)
    arrays = (
        make(factors, strength=strength, constraints=constraints, salt=str(salt)) for salt in salts
    )
    shortest = [{name: row[name] for name in names} for row in min(arrays, key=len)]
    return _plainer(shortest, {n: settings[n]["default"] for n in names}, refused, strength)


def _plainer(
    rows: list[dict[str, Any]], defaults: Answers, refused: Sequence[Answers], strength: int
) -> list[dict[str, Any]]:
    """Give the default wherever any answer will do, as it is the quickest to run; whatever met still meets."""

    def meetings(row: Answers) -> set[tuple[tuple[str, Any], ...]]:
        return set(combinations(row.items(), strength))

    times = Counter(meeting for row in rows for meeting in meetings(row))
    for row, name in product(rows, defaults):
        plain = {**row, name: defaults[name]}
        lost, won = meetings(row) - meetings(plain), meetings(plain) - meetings(row)
        possible = not any(combination.items() <= plain.items() for combination in refused)
        if possible and all(times[meeting] > 1 for meeting in lost):
            times.subtract(lost)
            times.update(won)
            row[name] = defaults[name]
    return rows


def sample(settings: Answers, size: int, seed: int) -> list[dict[str, Any]]:
    """Return possible sets of answers to all questions with choices, drawn at random."""
    draw, listed = random.Random(seed), choices(settings)
    drawn = ({name: draw.choice(listed[name]) for name in listed} for _ in count())
    return list(islice((one for one in drawn if is_possible(settings, one)), size))


def completed(settings: Answers, answers: Answers) -> dict[str, Any]:
    """Return these answers, with the fewest others that they need where the defaults rule them out.

    Raises AssertionError if no answers to other questions make them possible.
    """
    listed = choices(settings)
    others = [name for name in listed if name not in answers]
    defaults = {name: settings[name]["default"] for name in listed}
    for number in range(len(others) + 1):
        for names in combinations(others, number):
            for values in product(*(listed[name] for name in names)):
                together = {**answers, **dict(zip(names, values, strict=True))}
                if is_possible(settings, {**defaults, **together}):
                    return together
    raise AssertionError(f"{answers} are impossible, whatever else is answered")


def title(answers: Answers) -> str:
    """Return a name for a set of answers, by which a person can pick its tests."""
    return "-".join(str(answer) for answer in answers.values())


@dataclass(frozen=True)
class Tables:
    """Both tables for one set of answers: patterns of generated paths."""

    settings: Answers
    answers: Answers

    def excluded(self, operation: str = "copy") -> list[str]:
        """Return the patterns of files that these answers do not bring."""
        return self._rendered(self.settings["_exclude"], operation)

    @cached_property
    def owners(self) -> dict[str, list[str]]:
        """Return the patterns of each owner; what only an update leaves out is owned."""
        always = self.excluded("copy")
        return {
            "owned": [pattern for pattern in self.excluded("update") if pattern not in always],
            "seeded": self._rendered(self.settings["_skip_if_exists"], "update"),
            "managed": self._rendered(self.settings["_managed"], "update"),
        }

    def owners_of(self, name: str) -> list[str]:
        """Return every owner on whose list a generated file stands."""
        return [owner for owner, listed in self._compiled_owners if listed.match_file(name)]

    @cached_property
    def _compiled_owners(self) -> list[tuple[str, GitIgnoreSpec]]:
        return [(owner, compiled(patterns)) for owner, patterns in self.owners.items()]

    def files(self, template: Path) -> set[str]:
        """Return the files that these answers bring, as the table says."""
        excluded = compiled(self.excluded())
        return {name for name in self.possible_files(template) if not excluded.match_file(name)}

    def possible_files(self, template: Path) -> list[str]:
        """Return what each file of the template becomes, whether or not these answers bring it."""
        root = template / self.settings["_subdirectory"]
        sources = (path.relative_to(root) for path in root.rglob("*") if path.is_file())
        return [self._generated(PurePosixPath(source.as_posix())) for source in sources]

    def _generated(self, source: PurePosixPath) -> str:
        name = str(source).removesuffix(".jinja")
        conf = {"answers_file": self.settings["_answers_file"]}
        return _JINJA.from_string(name).render(**self.answers, _copier_conf=conf)

    def _rendered(self, entries: Iterable[str], operation: str) -> list[str]:
        context = {**self.answers, "_copier_operation": operation}
        lines = (_JINJA.from_string(entry).render(context).splitlines() for entry in entries)
        return [line for group in lines for line in group if line.strip()]


def compiled(patterns: Iterable[str]) -> GitIgnoreSpec:
    """Return patterns as .gitignore has them, ready to match paths."""
    return GitIgnoreSpec.from_lines(patterns)

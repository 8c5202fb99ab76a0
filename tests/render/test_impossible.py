"""Answers that make no sense together are refused with the reason, and nothing is written."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from harness import machine, tables
from harness.variants import OPTIONS

SETTINGS = tables.read(machine.ROOT)
REFUSED = {tables.title(one["answers"]): one for one in tables.impossible(SETTINGS)}


@pytest.mark.parametrize("combination", REFUSED)
def test_combination_is_refused_with_its_reason_and_writes_no_file(
    render: Callable[..., Path], tmp_path: Path, combination: str
) -> None:
    refused = REFUSED[combination]

    with pytest.raises(ValueError, match="make no sense together") as refusal:
        render(refused["answers"], tmp_path / "project")

    message = str(refusal.value)
    assert refused["because"] in message
    assert all(f"{name}={answer}" in message for name, answer in refused["answers"].items())
    assert "\n" not in message
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("combination", REFUSED)
def test_table_speaks_of_answers_that_exist_and_are_possible_otherwise(combination: str) -> None:
    answers: dict[str, Any] = REFUSED[combination]["answers"]

    assert len(answers) > 1
    for name, answer in answers.items():
        assert answer in OPTIONS[name]
        assert tables.is_possible(SETTINGS, tables.completed(SETTINGS, {name: answer}))


def test_defaults_are_possible() -> None:
    assert tables.is_possible(SETTINGS, {name: answers[0] for name, answers in OPTIONS.items()})


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_is_held_against_the_table(option: str) -> None:
    assert SETTINGS[option]["validator"] == SETTINGS["_possible"]
    assert f'"{option}": {option} | default(none)' in SETTINGS["_possible"]
    assert SETTINGS[option]["default"] == OPTIONS[option][0]

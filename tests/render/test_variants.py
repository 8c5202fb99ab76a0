"""The few variants that are run stand for all: whatever is possible together is tried together."""

from itertools import combinations, product

from harness import machine, tables
from harness.variants import CANNOT_RUN_HERE, VARIANTS

SETTINGS = tables.read(machine.ROOT)


def test_any_two_answers_that_are_possible_together_meet_in_a_variant() -> None:
    listed = tables.choices(SETTINGS)
    listed.pop("license")
    pairs = [
        dict(zip(names, answers, strict=True))
        for names in combinations(listed, 2)
        for answers in product(*(listed[name] for name in names))
    ]

    missing = [
        pair
        for pair in pairs
        if tables.is_possible(SETTINGS, pair)
        and pair not in [refused["answers"] for refused in CANNOT_RUN_HERE]
        and not any(pair.items() <= answers.items() for answers in VARIANTS.values())
    ]

    assert missing == []


def test_no_variant_is_impossible_or_beyond_this_machine() -> None:
    assert all(tables.is_possible(SETTINGS, answers) for answers in VARIANTS.values())
    assert not any(
        refused["answers"].items() <= answers.items()
        for refused in CANNOT_RUN_HERE
        for answers in VARIANTS.values()
    )

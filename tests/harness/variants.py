"""The variants that tests run; their names are in the tests' ids: `make test VARIANT=name`."""

from harness import machine, tables

TASKS = ("classification", "regression", "forecasting")
PYTHONS = ("3.11", "3.12", "3.13")

_CHOICES = tables.choices(tables.read(machine.ROOT))

OPTIONS = {
    name: answers
    for name, answers in _CHOICES.items()
    if name not in ("license", "python_version", "task")
}
"""The questions whose answers can be changed later, with these answers; the first is the default."""

VARIANTS = {
    tables.title(answers): answers
    for answers in tables.covering(
        {name: answers for name, answers in _CHOICES.items() if name != "license"}
    )
}
"""Sets of answers in which any two options meet, by name."""

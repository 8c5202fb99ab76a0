"""The variants that tests run; their names are in the tests' ids: `make test VARIANT=name`."""

from harness import machine, tables

TASKS = ("classification", "regression", "forecasting")
PYTHONS = ("3.11", "3.12", "3.13")

_SETTINGS = tables.read(machine.ROOT)
_CHOICES = tables.choices(_SETTINGS)

OPTIONS = {
    name: answers
    for name, answers in _CHOICES.items()
    if name not in ("license", "python_version", "task")
}
"""The questions whose answers can be changed later, with these answers; the first is the default."""

SWITCHES = {
    f"{name}-{answer}": tables.completed(_SETTINGS, {name: answer})
    for name, answers in OPTIONS.items()
    for answer in answers[1:]
}
"""Each answer that is no default, with the others that it needs."""

VARIANTS = {
    tables.title(answers): answers
    for answers in tables.covering(_SETTINGS, [name for name in _CHOICES if name != "license"])
}
"""Sets of answers in which any two options meet, by name."""

"""The variants that tests run; their names are in the tests' ids: `make test VARIANT=name`."""

TASKS = ("classification", "regression", "forecasting")
PYTHONS = ("3.11", "3.12", "3.13")

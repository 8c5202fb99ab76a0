"""The variants that tests run: their names appear in the tests' ids, for `make test VARIANT=name`."""

TASKS = ("classification", "regression", "forecasting")
PYTHONS = ("3.11", "3.12", "3.13")

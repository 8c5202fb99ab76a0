"""Drift of one table against another, as the monitor of the default project finds it: imports, comparison and page."""

import sys

import polars as pl
from penguin_species.monitor.judge import BuiltinReport
from penguin_species.monitor.quantity import Quantity, Sides

reference, new = (pl.read_parquet(path) for path in sys.argv[1:])
columns = [
    Quantity(
        name,
        "feature",
        "number" if name.startswith("n") else "category",
        reference[name],
        new[name],
    )
    for name in reference.columns
]
report = BuiltinReport(false_alarms=0.01, smallest_effect=0.1, share_of_columns=0.3)
verdict, page = report.compare(Sides("new rows", columns, None, []))
print(len(page), "characters")

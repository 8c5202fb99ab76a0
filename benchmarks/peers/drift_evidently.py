"""Drift of one table against another, by Evidently: imports, comparison and page."""

import sys

import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset

tables = [pd.read_parquet(path) for path in sys.argv[1:]]
numbers = [name for name in tables[0] if name.startswith("n")]
definition = DataDefinition(
    numerical_columns=numbers,
    categorical_columns=[name for name in tables[0] if name not in numbers],
)
reference, new = (Dataset.from_pandas(table, data_definition=definition) for table in tables)
found = Report([DataDriftPreset()]).run(new, reference)
print(len(found.get_html_str(as_iframe=False)), "characters")

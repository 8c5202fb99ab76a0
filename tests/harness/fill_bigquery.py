"""Make tables of the CSV files in data/raw/, each row with its number; run in a project's own environment."""

from pathlib import Path

import polars as pl
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

KINDS = {pl.Int64: "INT64", pl.Float64: "FLOAT64", pl.String: "STRING"}

client = bigquery.Client(credentials=AnonymousCredentials())
client.create_dataset("example", exists_ok=True)
for file in Path("data/raw").glob("*.csv"):
    rows = pl.read_csv(file, null_values="NA", infer_schema_length=None)
    rows = rows.with_columns(number=pl.int_range(pl.len()))
    fields = [bigquery.SchemaField(n, KINDS[type(kind)]) for n, kind in rows.schema.items()]
    table = bigquery.Table(f"{client.project}.example.{file.stem}", fields)
    client.delete_table(table, not_found_ok=True)
    refused = client.insert_rows_json(client.create_table(table), rows.to_dicts())
    assert not refused, refused

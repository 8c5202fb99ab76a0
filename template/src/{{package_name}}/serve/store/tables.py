"""The tables of the store."""

from sqlalchemy import JSON, Column, DateTime, Index, Integer, MetaData, String, Table

VERSION = 1
"""Of the tables below. A table that is added needs no new one, so that an older release can still use the store, as
during a rollback; a table that is changed does."""

_metadata = MetaData()
_value = JSON(none_as_null=True)

versions = Table(
    "store_version", _metadata, Column("version", Integer, primary_key=True, autoincrement=False)
)

predictions = Table(
    "predictions",
    _metadata,
    Column("id", String, primary_key=True),
    Column("time", DateTime, nullable=False),  # UTC, as all times here
    Column("model", String, nullable=False),  # SHA-256 of its file
    Column("features", _value, nullable=False),
    Column("prediction", _value, nullable=False),
    Column("probabilities", _value),
    Index("predictions_in_time", "time", "id"),
)

# What a challenger would have answered; the features stand with the prediction of the same id.
shadows = Table(
    "shadow_predictions",
    _metadata,
    Column("id", String, primary_key=True),
    Column("time", DateTime, nullable=False),
    Column("model", String, nullable=False),
    Column("prediction", _value, nullable=False),
    Column("probabilities", _value),
    Index("shadow_predictions_in_time", "time"),
)

# An outcome may come before its prediction is written, hence no foreign key; one that is told again is another row.
feedback = Table(
    "feedback",
    _metadata,
    Column("id", String, primary_key=True),
    Column("time", DateTime, primary_key=True),
    Column("outcome", _value, nullable=False),
    Index("feedback_in_time", "time"),
)

# What each run of the monitor found, for Prometheus.
monitoring = Table(
    "monitoring",
    _metadata,
    Column("time", DateTime, primary_key=True),
    Column("gauges", _value, nullable=False),
)

"""From a source of rows to a validated, split table."""

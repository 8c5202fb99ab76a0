"""What the service has predicted, and what really came out: kept in a database, and read from there."""

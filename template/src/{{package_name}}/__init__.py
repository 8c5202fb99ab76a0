"""The project's package: data, model, serve and monitor, in the order in which rows pass through."""

"""From the rows that arrive later to a verdict on whether they still look like the training data."""

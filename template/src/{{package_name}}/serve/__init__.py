"""From a request to a prediction."""

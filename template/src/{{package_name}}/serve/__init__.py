"""Predictions for those who ask."""

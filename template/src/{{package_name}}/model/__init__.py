"""From the split table to a fitted, measured, documented model."""

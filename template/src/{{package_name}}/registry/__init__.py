"""Versions of the model: which there are, which one serves, and who decided that."""

"""Copies of what git and DVC do not keep: databases, and the files that belong to them."""

"""Rows of access."""

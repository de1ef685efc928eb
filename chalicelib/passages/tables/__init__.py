"""Rows of passages."""

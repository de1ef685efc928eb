"""Rows of notices."""

"""Verdicts of notices: which template says what, and what became of a message."""

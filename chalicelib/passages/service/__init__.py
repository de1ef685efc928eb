"""Use cases of passages."""

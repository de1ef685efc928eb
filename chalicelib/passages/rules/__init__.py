"""Pure rules of passages."""

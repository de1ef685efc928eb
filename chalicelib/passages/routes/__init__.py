"""HTTP of passages."""

"""HTTP of access."""

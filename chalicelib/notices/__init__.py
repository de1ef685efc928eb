"""Messages to people's phones: what is sent, by which way, and what became of it."""

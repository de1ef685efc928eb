"""Handlers as one writes them first: read, check, write. The simulator must break them."""

SWAPS = {}

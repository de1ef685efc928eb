"""How much one request may bring, on AWS and so everywhere."""

from typing import Final

LARGEST_EVENT: Final = 6 * 1024 * 1024
"""Bytes of the event that a synchronous call of Lambda takes: headers and body, as JSON."""

LARGEST_BINARY: Final = 4_000_000
"""Bytes of files or pictures: base64 makes three bytes four, and 0.9 MB is left for all else."""

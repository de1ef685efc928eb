"""What other domains, and the reactions in `functions/`, may ask of access."""

from chalicelib.access.service import expire_calls, finish, ring

__all__ = ["expire_calls", "finish", "ring"]

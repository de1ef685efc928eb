"""What other domains, and the reactions in `functions/`, may ask of access."""

from chalicelib.access.service.answers import finish
from chalicelib.access.service.calls import expire_calls, held_of, ring

__all__ = ["expire_calls", "finish", "held_of", "ring"]

"""What other domains, and the reactions in `functions/`, may ask of surveys."""

from chalicelib.surveys.service.counting import count_due
from chalicelib.surveys.service.held import forget, held_of

__all__ = ["count_due", "forget", "held_of"]

"""What other domains, and the reactions in `functions/`, may ask of passages."""

from chalicelib.passages.service.counting import count
from chalicelib.passages.service.held import forget, held_of
from chalicelib.passages.service.recording import record, record_opening
from chalicelib.passages.service.watching import watch

__all__ = ["count", "forget", "held_of", "record", "record_opening", "watch"]

"""What other domains, and the reactions in `functions/`, may ask of notices."""

from chalicelib.notices.service.held import forget, held_of
from chalicelib.notices.service.rings import ring
from chalicelib.notices.service.telling import retry

__all__ = ["forget", "held_of", "retry", "ring"]

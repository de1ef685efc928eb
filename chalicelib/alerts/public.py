"""What other domains, and the reactions in `functions/`, may ask of alerts."""

from chalicelib.alerts.service.incidents import expire_holds, hear_frame, hear_settled

__all__ = ["expire_holds", "hear_frame", "hear_settled"]

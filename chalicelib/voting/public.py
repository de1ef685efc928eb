"""What other domains, and the reactions in `functions/`, may ask of voting."""

from chalicelib.voting.service.checkpoints import sign_due as sign_checkpoints
from chalicelib.voting.service.held import held_of
from chalicelib.voting.service.moves import move_due as move_votes
from chalicelib.voting.service.rolls import freeze as freeze_roll
from chalicelib.voting.service.waiting import drain as enter_ballots
from chalicelib.voting.service.waiting import drain_overdue as enter_overdue_ballots

__all__ = [
    "enter_ballots",
    "enter_overdue_ballots",
    "freeze_roll",
    "held_of",
    "move_votes",
    "sign_checkpoints",
]

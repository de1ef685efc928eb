"""Gather and group the roll of a vote, or of a petition, that was asked for."""

from chalicelib.core import queue
from chalicelib.voting import public as voting
from chalicelib.voting.events import RollAsked

handler = queue.handler("freeze_rolls", {RollAsked: voting.freeze_roll})

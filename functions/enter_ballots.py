"""Ballots wait for their place in a vote's log: give it to them, one vote's line at a time."""

from typing import Any

from chalicelib.core import queue
from chalicelib.voting import public as voting


def _enter(job: dict[str, Any]) -> None:
    voting.enter_ballots(job["vote_key"])


handler = queue.jobs(_enter)

"""Waiting for a door's word after a tap, for as long as a person holds a phone."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.access.rules import opening as rules
from chalicelib.access.rules.calls import UNKNOWN_AFTER
from chalicelib.access.rules.opening import OpeningState
from chalicelib.core import clock
from chalicelib.devices import public as devices

WAIT_FOR_DOOR = timedelta(seconds=2)
"""How long a tap waits for the door before it answers 202 (DEVICES.md)."""


@dataclass(frozen=True)
class Sent:
    """A command that is under way."""

    community_id: str
    device_id: str
    command_id: str


def outcome(sent: Sent, state: OpeningState, ends: datetime) -> OpeningState:
    """Return where an opening is, having waited for its door; not if many wait already."""
    if state is not OpeningState.SENT:
        return state
    said = devices.await_result(
        sent.community_id,
        sent.device_id,
        sent.command_id,
        end=ends,
        until=min(clock.now() + WAIT_FOR_DOOR, ends + UNKNOWN_AFTER),
    )
    found = rules.OUTCOMES.get(said.state, OpeningState.SENT)
    return rules.shown_state(found, ends, clock.now())

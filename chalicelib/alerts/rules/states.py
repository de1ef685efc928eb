"""The states of an alert, and who may move it where (FLOWS.md 11)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

HOLD_MAX = timedelta(seconds=120)
"""A door is never held longer (DEVICES.md); the lift's own controller sees to it as well."""

FRESH_FOR = timedelta(seconds=60)
"""A frame that waited longer in our queues still raises its alert, but moves no door."""

OVERRIDES = frozenset({"fire_mode", "medical", "override"})
"""Why a controller may refuse to hold: each outranks an e-bike."""


class State(StrEnum):
    """Where an alert is."""

    DETECTED = "DETECTED"
    HOLDING = "HOLDING"
    WARNED = "WARNED"
    CLEARED = "CLEARED"
    TIMEOUT = "TIMEOUT"
    GUARD_SENT = "GUARD_SENT"
    CLOSED = "CLOSED"
    FALSE_POSITIVE = "FALSE_POSITIVE"
    OVERRIDDEN = "OVERRIDDEN"


class Outcome(StrEnum):
    """How an alert ended."""

    CLEARED = "cleared"
    LOST = "camera_lost"
    HANDLED = "handled"
    FALSE_POSITIVE = "false_positive"
    OVERRIDDEN = "overridden"


class Judgement(StrEnum):
    """What a person says of an alert; kept for the camera's false rate."""

    TRUE_POSITIVE = "true_positive"
    FALSE_POSITIVE = "false_positive"


_ENDS = frozenset({State.CLEARED, State.TIMEOUT, State.FALSE_POSITIVE, State.OVERRIDDEN})

ARROWS: Mapping[State, frozenset[State]] = {
    State.DETECTED: frozenset({State.HOLDING}) | _ENDS,
    State.HOLDING: frozenset({State.WARNED}) | _ENDS,
    State.WARNED: _ENDS,
    State.TIMEOUT: frozenset({State.GUARD_SENT}),
    State.GUARD_SENT: frozenset({State.CLOSED, State.FALSE_POSITIVE}),
    State.CLEARED: frozenset(),
    State.CLOSED: frozenset(),
    State.FALSE_POSITIVE: frozenset(),
    State.OVERRIDDEN: frozenset(),
}
"""The only legal transitions. HOLDING: the order to hold is out; WARNED: the controller
holds and speaks its warning; GUARD_SENT: the clock ran out and a person was called."""

HELD = frozenset({State.HOLDING, State.WARNED})
"""The states in which a door may be held and must be released at the end."""


def may_follow(state: State, following: State) -> bool:
    """Return whether an alert may go from one state to the other."""
    return following in ARROWS[state]


def is_over(state: State) -> bool:
    """Return whether nothing follows this state."""
    return not ARROWS[state]


def ending(state: State) -> State | None:
    """Return where an alert goes whose frames have cleared, or None if it is over."""
    return next((end for end in (State.CLEARED, State.CLOSED) if may_follow(state, end)), None)


def judged(state: State, judgement: Judgement) -> State | None:
    """Return where a person's judgement takes an alert, or None if it stays.

    A false one ends at once and frees the door; a true one ends only what a guard was
    sent for, since the camera has yet to see the lift empty.
    """
    if judgement is Judgement.FALSE_POSITIVE:
        wanted = State.FALSE_POSITIVE
    else:
        wanted = State.CLOSED
    return wanted if may_follow(state, wanted) else None


def may_hold(received_at: datetime, at: datetime) -> bool:
    """Return whether what was received then may still move a door."""
    return at - received_at <= FRESH_FOR

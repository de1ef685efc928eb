"""Pure rules of an opening by one's own phone, or by a guard: one command, never tried again."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

from chalicelib.access.rules.calls import UNKNOWN_AFTER
from chalicelib.access.rules.desk import WAITS_FOR

DESK_OPENS_FOR = WAITS_FOR
"""How long after it was asked a guard may open by a request: later nobody stands there."""


class OpeningState(StrEnum):
    """Where an opening is: the second half of a call's states (FLOWS.md 1)."""

    SENT = "SENT"
    OPENED = "OPENED"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"


_S = OpeningState
ARROWS: Final[Mapping[OpeningState, frozenset[OpeningState]]] = {
    _S.SENT: frozenset({_S.OPENED, _S.FAILED, _S.UNKNOWN}),
    _S.OPENED: frozenset(),
    _S.FAILED: frozenset(),
    _S.UNKNOWN: frozenset(),
}

OUTCOMES: Final[Mapping[str, OpeningState]] = {
    "DONE": _S.OPENED,
    "REJECTED": _S.FAILED,
    "FAILED": _S.FAILED,
    "EXPIRED": _S.UNKNOWN,
}
"""What the end of the door's command means; a late answer changes nothing."""

ASKS_GUARD: Final = frozenset({"FAILED", "UNKNOWN"})
"""States in which somebody may stand before a shut door: a guard is asked."""


def may_follow(state: OpeningState, following: OpeningState) -> bool:
    """Return whether an opening may go from one state to the other."""
    return following in ARROWS[state]


def shown_state(state: OpeningState, command_ends: datetime, at: datetime) -> OpeningState:
    """Return the state to show now: a command that is overdue is UNKNOWN before a sweep says so."""
    overdue = state is _S.SENT and at >= command_ends + UNKNOWN_AFTER
    return _S.UNKNOWN if overdue else state


def why_guard(state: str) -> str:
    """Return the reason that a guard reads for a door that did not open."""
    return "gate_failed" if state == _S.FAILED else "gate_unknown"

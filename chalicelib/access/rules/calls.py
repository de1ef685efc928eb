"""Pure rules of a visitor's call (FLOWS.md 1): states, who may answer, until when."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

RINGS_FOR = timedelta(seconds=30)
UNKNOWN_AFTER = timedelta(seconds=2)
"""A command's end plus this long without an answer: the phone is told UNKNOWN."""


class CallState(StrEnum):
    """Where a call is."""

    RINGING = "RINGING"
    GRANTED = "GRANTED"
    SENT = "SENT"
    OPENED = "OPENED"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"
    DENIED = "DENIED"
    EXPIRED = "EXPIRED"


_S = CallState
ARROWS: Mapping[CallState, frozenset[CallState]] = {
    _S.RINGING: frozenset({_S.GRANTED, _S.DENIED, _S.EXPIRED}),
    _S.GRANTED: frozenset({_S.SENT}),
    _S.SENT: frozenset({_S.OPENED, _S.FAILED, _S.UNKNOWN}),
    _S.OPENED: frozenset(),
    _S.FAILED: frozenset(),
    _S.UNKNOWN: frozenset(),
    _S.DENIED: frozenset(),
    _S.EXPIRED: frozenset(),
}
"""The only legal transitions. An opening is never tried again, so nothing leaves UNKNOWN."""

OUTCOMES: Mapping[str, CallState] = {
    "DONE": _S.OPENED,
    "REJECTED": _S.FAILED,
    "FAILED": _S.FAILED,
    "EXPIRED": _S.UNKNOWN,
}
"""What the end of the gate's command means for the call; a late answer changes nothing."""


@dataclass(frozen=True)
class Call:
    """What a decision needs to know of a call."""

    state: CallState
    answerers: frozenset[str]
    expires_at: datetime
    command_expires_at: datetime | None = None


def named(said: object) -> str:
    """Return what a panel named, or `-`, which names nothing: an id is short and plain."""
    return said if isinstance(said, str) and _ID.fullmatch(said) else "-"


_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def may_follow(state: CallState, following: CallState) -> bool:
    """Return whether a call may go from one state to the other."""
    return following in ARROWS[state]


def refusal(call: Call, person_id: str, at: datetime) -> str | None:
    """Return why this person may not answer this call now, or None.

    `not_yours` for somebody outside the flat; `call_expired` from 30 s after the ring;
    `already_answered` once anyone has answered.
    """
    if person_id not in call.answerers:
        return "not_yours"
    if call.state is CallState.EXPIRED:
        return "call_expired"
    if call.state is not CallState.RINGING:
        return "already_answered"
    if at >= call.expires_at:
        return "call_expired"
    return None


def shown_state(call: Call, at: datetime) -> CallState:
    """Return the state to show now: what is overdue is shown as over before a sweep says so."""
    if call.state is CallState.RINGING and at >= call.expires_at:
        return CallState.EXPIRED
    if (
        call.state is CallState.SENT
        and call.command_expires_at is not None
        and at >= call.command_expires_at + UNKNOWN_AFTER
    ):
        return CallState.UNKNOWN
    return call.state

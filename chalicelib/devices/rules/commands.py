"""Pure rules of commands: their states, what goes out, and what devices announce (DEVICES.md)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

MOST_UPTIME = 2**53
"""Milliseconds: what a JSON number holds exactly."""

LONGEST_REASON = 100
"""Characters kept of what a device says about its own refusal."""


@dataclass(frozen=True)
class Hello:
    """What a device announces when it connects; `monotonic` is its own milliseconds."""

    session: str
    boot: int
    monotonic: int


class CommandState(StrEnum):
    """Where a command is."""

    SENT = "SENT"
    DONE = "DONE"
    REJECTED = "REJECTED"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"
    LATE_ACK = "LATE_ACK"


ARROWS: Mapping[CommandState, frozenset[CommandState]] = {
    CommandState.SENT: frozenset(
        {
            CommandState.DONE,
            CommandState.REJECTED,
            CommandState.FAILED,
            CommandState.EXPIRED,
        }
    ),
    CommandState.EXPIRED: frozenset({CommandState.LATE_ACK}),
    CommandState.DONE: frozenset(),
    CommandState.REJECTED: frozenset(),
    CommandState.FAILED: frozenset(),
    CommandState.LATE_ACK: frozenset(),
}
"""The only legal transitions. A late acknowledgement is recorded and never counts as DONE."""


def may_follow(state: CommandState, following: CommandState) -> bool:
    """Return whether a command may go from one state to the other."""
    return following in ARROWS[state]

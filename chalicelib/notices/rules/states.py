"""What becomes of a message to a phone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

SENDING_TAKES: Final = timedelta(seconds=60)
"""Longer than one sending can take: who has not ended by then was interrupted."""

NEXT_MINUTE: Final = timedelta(minutes=1)
"""When WeChat's quota of a minute is new."""


class NoticeState(StrEnum):
    """Where a message is.

    IN_APP: nothing was sent, the mini-program shows it; LATE: its time was over before;
    UNKNOWN: nobody knows whether the phone got it; WAITING: it is sent in the next minute.
    """

    SENDING = "SENDING"
    WAITING = "WAITING"
    SENT = "SENT"
    IN_APP = "IN_APP"
    LATE = "LATE"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True)
class Verdict:
    """What a message becomes, and whether the consent that it took is given back."""

    state: NoticeState
    reason: str
    gives_back: bool = False
    due: datetime | None = None


_STATES: Final[Mapping[str, tuple[NoticeState, bool]]] = {
    "sent": (NoticeState.SENT, False),
    "no_consent": (NoticeState.IN_APP, False),
    "lost": (NoticeState.UNKNOWN, False),
    "busy": (NoticeState.FAILED, True),
    "refused": (NoticeState.FAILED, True),
    "late": (NoticeState.LATE, True),
}


def verdict(end: str, detail: str, *, at: datetime, deadline: datetime) -> Verdict:
    """Return what a message becomes after a channel did what it could (`channels`)."""
    if end == "later":
        due = at + NEXT_MINUTE
        if due < deadline:
            return Verdict(NoticeState.WAITING, f"later_{detail}", due=due)
        return Verdict(NoticeState.FAILED, f"later_{detail}", gives_back=True)
    state, gives_back = _STATES[end]
    reason = "" if end == "sent" else end
    if end in ("busy", "refused"):
        reason = f"{end}_{detail}"
    return Verdict(state, reason, gives_back=gives_back)

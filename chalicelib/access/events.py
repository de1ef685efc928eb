"""What happened at gates."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class CallRung:
    """A visitor rang a flat; `answerers` are the adults who may answer."""

    community_id: str
    call_id: str
    unit_id: str
    gate_id: str
    panel_id: str
    answerers: tuple[str, ...]
    rung_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class OpeningGranted:
    """A resident let the visitor in; the command is on its way."""

    community_id: str
    call_id: str
    gate_id: str
    command_id: str
    answered_by: str
    granted_at: datetime


@dataclass(frozen=True)
class CallClosed:
    """A call reached its end: OPENED, FAILED, UNKNOWN, DENIED or EXPIRED."""

    community_id: str
    call_id: str
    state: str
    closed_at: datetime

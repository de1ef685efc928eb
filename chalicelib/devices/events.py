"""What happened to and through devices."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class DeviceEventRecorded:
    """A device reported something, and it is on record once.

    `occurred_at` is the device's own label; `received_at` is ours and decides. `live` is
    false for what came too late to act on.
    """

    community_id: str
    device_id: str
    kind: str
    place_id: str
    event_id: str
    type: str
    data: dict[str, Any]
    boot: int
    sequence: int
    occurred_at: datetime
    received_at: datetime
    live: bool


@dataclass(frozen=True)
class CommandSettled:
    """A command reached an end: DONE, REJECTED, FAILED, EXPIRED or LATE_ACK."""

    community_id: str
    device_id: str
    command_id: str
    op: str
    state: str
    reason: str
    cause_id: str
    settled_at: datetime

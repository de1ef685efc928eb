"""What happened to and through devices."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal


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
class DeviceEnrolled:
    """A device was registered; `gateway_id` is what it speaks through, empty if nothing."""

    community_id: str
    device_id: str
    kind: str
    place_id: str
    gateway_id: str
    enrolled_at: datetime


@dataclass(frozen=True)
class DeviceSwapped:
    """Other hardware stands under the same id; `hardware` counts the pieces, from 1."""

    community_id: str
    device_id: str
    kind: str
    place_id: str
    hardware: int
    old_serial: str
    new_serial: str
    swapped_by: str
    swapped_at: datetime


@dataclass(frozen=True)
class DeviceRetired:
    """A device is no more: its keys are destroyed, its record stays."""

    community_id: str
    device_id: str
    kind: str
    place_id: str
    retired_by: str
    retired_at: datetime


@dataclass(frozen=True)
class DeviceQuarantined:
    """A device sent more than any working one does: for a while only its alarms are heard."""

    community_id: str
    device_id: str
    kind: str
    place_id: str
    offered: int
    began_at: datetime
    until: datetime


@dataclass(frozen=True)
class DeviceFaultOpened:
    """A device has a fault that wants an order: one per device and fault until it is cleared.

    `fault` is `offline`, `flapping`, `clock`, `storm`, `power_lost`, or `reported/` and the
    device's own code. `seen_at` is when it was last heard.
    """

    community_id: str
    device_id: str
    kind: str
    place_id: str
    fault_id: str
    fault: str
    vendor: str
    serial: str
    seen_at: datetime | None
    opened_at: datetime


@dataclass(frozen=True)
class DeviceFaultMoved:
    """An open order is elsewhere: TICKETED (again), REPAIRING or VERIFYING.

    `moved_by` is who said so, empty if the device itself did; `relapses` is how often the
    fault came back.
    """

    community_id: str
    device_id: str
    kind: str
    place_id: str
    fault_id: str
    fault: str
    state: str
    relapses: int
    moved_by: str
    moved_at: datetime


@dataclass(frozen=True)
class DeviceFaultReminded:
    """An order has been open for yet another day."""

    community_id: str
    device_id: str
    kind: str
    place_id: str
    fault_id: str
    fault: str
    reminders: int
    opened_at: datetime
    reminded_at: datetime


@dataclass(frozen=True)
class DeviceFaultCleared:
    """An order ended: `recovered`, `repaired`, `false_alarm` or `retired`."""

    community_id: str
    device_id: str
    kind: str
    place_id: str
    fault_id: str
    fault: str
    outcome: str
    opened_at: datetime
    cleared_at: datetime


@dataclass(frozen=True)
class DeviceMaintained:
    """A device is in maintenance until then and raises no faults; None: that was ended early."""

    community_id: str
    device_id: str
    kind: str
    place_id: str
    maintained_until: datetime | None
    reason: str
    ordered_by: str
    ordered_at: datetime


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


@dataclass(frozen=True)
class Reading:
    """One value in a vendor's words: a number, a state such as `alarm`, yes or no.

    `at` is when it was measured, if that is not when the message says it happened.
    """

    name: str
    value: float | str | bool
    at: datetime | None = None


@dataclass(frozen=True)
class Attachment:
    """A picture that came with an event."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class Translated:
    """One thing that a vendor's message says, as an adapter understood it.

    `type` and `data` are those of the event in our words; with `readings` instead, what they
    mean depends on what measures them, and is decided where that is known. `id` is the
    vendor's own for this very event or empty, `occurred_at` its clock's label or None, and
    `counter` what it counts its events with. `child` is the serial of the device that a
    gateway speaks of. `replayed` comes out of the device's memory: history. `refused` is
    what is wrong with a record that nothing else is known of.
    """

    type: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    id: str = ""
    occurred_at: datetime | None = None
    counter: int | None = None
    child: str = ""
    replayed: bool = False
    readings: tuple[Reading, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    refused: str = ""


DroppedWhy = Literal["absent", "condition_not_met", "no_value", "unknown_word"]


@dataclass(frozen=True)
class Dropped:
    """What a mapping looks for in a message's record (from 0) and does not get: ours, and theirs.

    `said` is what stands there instead.
    """

    record: int
    field: str
    path: str
    why: DroppedWhy
    said: str = ""


@dataclass(frozen=True)
class Connection:
    """Where a vendor's driver reaches a device, and as whom; `channel` counts from 1.

    The host is an IPv4 address (core.egress).
    """

    host: str
    port: int = 80
    channel: int = 1
    user: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True)
class Order:
    """A command that is on record, as a driver gets it: carry it now, once, or not at all.

    `message` is the signed JSON that devices of our own protocol understand; a vendor's
    driver translates `op` and `args` instead and reaches the device by its `connection`.
    After `left_ms` milliseconds the command is void.
    """

    community_id: str
    device_id: str
    op: str
    args: Mapping[str, Any]
    message: bytes
    connection: Connection | None
    left_ms: int

    @property
    def topic(self) -> str:
        """Return where a device of our own protocol listens."""
        return topic(self.community_id, self.device_id, "cmd")

    @property
    def expiry_s(self) -> int:
        """Return the whole seconds after which a broker drops the message (MQTT 5)."""
        return -(-self.left_ms // 1000)


@dataclass(frozen=True)
class Carried:
    """What a device said at once, on the very connection that carried the command.

    A driver that cannot know what became of a command returns None instead: the command then
    expires, and nobody is told that nothing moved.
    """

    state: Literal["DONE", "REJECTED", "FAILED"]
    reason: str = ""


def topic(community_id: str, device_id: str, leaf: str) -> str:
    """Return a device's own topic at the broker."""
    return f"linli/v1/{community_id}/{device_id}/{leaf}"

"""What staff ask and see of devices' health."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from chalicelib.core.schema import Asked, Moment, Page, Paging, Shown, Text
from chalicelib.devices.rules.catalogue import Kind
from chalicelib.devices.rules.health import HealthState

Note = Annotated[Text, Field(min_length=2, max_length=200)]


Month = Annotated[str, Field(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]
"""A month of the estate's calendar, as `2026-11`."""


class HealthQuery(Paging):
    """Which devices: those of one state, else all that ever spoke."""

    state: HealthState | None = None


class ReportQuery(Asked):
    """Of which month."""

    month: Month = Field(examples=["2026-11"])


class MaintenanceAsked(Asked):
    """Until when a device is in maintenance (null ends that now), and why."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"until": "2026-11-21T12:00:00+08:00", "reason": "更换道闸电机"}]
        }
    )

    until: Moment | None
    reason: Note


class FaultAsked(Asked):
    """What was found or done."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"note": "更换电源适配器"}]})

    note: Note


def _example(said: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [said]})


_COURSE = {
    "fault": "offline",
    "state": "TICKETED",
    "since": "2026-11-21T08:03:30Z",
    "fault_id": "fault_01J00000000000000000000000",
    "relapses": 0,
    "under": None,
}


class CourseShown(Shown):
    """A fault under way, as FLOWS 12 goes; `under` is a gateway or fault that explains it."""

    model_config = _example(_COURSE)

    fault: str
    state: HealthState
    since: datetime
    fault_id: str | None
    relapses: int
    under: str | None


class HealthShown(Shown):
    """How a device is; `state` is null until it speaks for the first time.

    `skew_ms` is how far its clock is ahead of ours, `expected_s` how often it should be heard,
    `keys_made` how many keys it was ever given. `silent_children` are devices behind a gateway
    that cannot be heard, 100 at the most.
    """

    model_config = _example(
        {
            "device_id": "heyuan-barrier-1",
            "kind": "barrier",
            "name": "东门道闸",
            "place_id": "east",
            "gateway_id": None,
            "state": "TICKETED",
            "since": "2026-11-21T08:03:30Z",
            "watched_since": "2026-03-01T02:00:00Z",
            "seen_at": "2026-11-21T08:00:01Z",
            "skew_ms": -420,
            "expected_s": 60,
            "vendor": "Linli",
            "model": "B-1",
            "serial": "B-0001",
            "firmware": "2.4.1",
            "warranty_until": "2028-03-01",
            "keys_made": 1,
            "maintained_until": None,
            "maintained_by": None,
            "maintained_why": None,
            "faults": [_COURSE],
            "silent_children": [],
        }
    )

    device_id: str
    kind: str
    name: str
    place_id: str
    gateway_id: str | None
    state: HealthState | None
    since: datetime | None
    watched_since: datetime | None
    seen_at: datetime | None
    skew_ms: int | None
    expected_s: int
    vendor: str | None
    model: str | None
    serial: str | None
    firmware: str | None
    warranty_until: str | None
    keys_made: int
    maintained_until: datetime | None
    maintained_by: str | None
    maintained_why: str | None
    faults: list[CourseShown]
    silent_children: list[str]


class ListedShown(Shown):
    """A device in a list of those of one state, with its faults under way."""

    model_config = _example(
        {
            "device_id": "heyuan-barrier-1",
            "kind": "barrier",
            "name": "东门道闸",
            "place_id": "east",
            "state": "TICKETED",
            "since": "2026-11-21T08:03:30Z",
            "faults": [_COURSE],
        }
    )

    device_id: str
    kind: str
    name: str
    place_id: str
    state: HealthState
    since: datetime
    faults: list[CourseShown]


class ListedPage(Page[ListedShown]):
    """One page of devices in the order of their ids; it may be short before the last one."""


class FaultShown(Shown):
    """One fault order, and whose hardware it was; `outcome` is null while it is open."""

    model_config = _example(
        {
            "fault_id": "fault_01J00000000000000000000000",
            "device_id": "heyuan-barrier-1",
            "fault": "offline",
            "state": "REPAIRING",
            "opened_at": "2026-11-21T08:03:30Z",
            "moved_at": "2026-11-21T08:40:00Z",
            "moved_by": "per_01J00000000000000000000000",
            "note": "更换电源适配器",
            "relapses": 0,
            "reminders": 0,
            "vendor": "Linli",
            "model": "B-1",
            "serial": "B-0001",
            "outcome": None,
            "cleared_at": None,
        }
    )

    fault_id: str
    device_id: str
    fault: str
    state: str
    opened_at: datetime
    moved_at: datetime
    moved_by: str | None
    note: str | None
    relapses: int
    reminders: int
    vendor: str | None
    model: str | None
    serial: str | None
    outcome: str | None
    cleared_at: datetime | None


class FaultPage(Page[FaultShown]):
    """One page of a device's fault orders, the newest first."""


_WORTH = {
    "vendor": "Linli",
    "kind": "barrier",
    "devices": 2,
    "watched_s": 5_184_000,
    "down_s": 5_184,
    "grouped_s": 0,
    "uptime": 0.999,
    "faults": 3,
    "false_alarms": 1,
    "false_alarm_ratio": 0.333,
    "idle": 0,
    "unheard": 0,
    "idle_ratio": 0.0,
}


class WorthShown(Shown):
    """What one vendor's devices of one kind did in a month, so far.

    `uptime` is the share of the watched time (without maintenance and gateways' outages) in
    which they could be heard; `idle` of them nobody used, `unheard` ones never spoke.
    """

    model_config = _example(_WORTH)

    vendor: str
    kind: Kind
    devices: int
    watched_s: int
    down_s: int
    grouped_s: int
    uptime: float | None
    faults: int
    false_alarms: int
    false_alarm_ratio: float | None
    idle: int
    unheard: int
    idle_ratio: float | None


class ReportShown(Shown):
    """The report of a month of the estate's calendar, by vendor and kind."""

    model_config = _example({"month": "2026-11", "items": [_WORTH]})

    month: str
    items: list[WorthShown]

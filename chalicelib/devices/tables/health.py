"""Rows of devices' health: where each is, and when to look at it again."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any, Self

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection, KeysOnlyProjection
from pynamodb.pagination import ResultIterator

from chalicelib.core import clock
from chalicelib.core.table import PlainJson, Row, shard_of, shards, tenant_key
from chalicelib.devices.rules.health import Course, Health, HealthState
from chalicelib.devices.rules.uptime import Unit, Watched
from chalicelib.devices.tables.registry import Device

LISTING = "health"


class _Due(GlobalSecondaryIndex["DeviceHealth"]):
    class Meta:
        index_name = "due"
        projection = KeysOnlyProjection()

    shard = UnicodeAttribute(hash_key=True)
    due_at = NumberAttribute(range_key=True)


class _ByState(GlobalSecondaryIndex["DeviceHealth"]):
    """Without `due_at`, so that looking at a device that is well does not write here."""

    class Meta:
        index_name = "by_state"
        projection = IncludeProjection(
            [
                "device_id",
                "kind",
                "state",
                "since",
                "courses",
                "units",
                "watched_since",
                "maintained_since",
                "retired_at",
            ]
        )

    community_id = UnicodeAttribute(hash_key=True)
    state_key = UnicodeAttribute(range_key=True)


class DeviceHealth(Row):
    """Where a device is (`rules.health.Health`), since when, and when to look at it again.

    `every_ms` is how often it should be heard, `units` which hardware stood under its id,
    `used_month` the last month in which somebody used it. `maintained_by` and
    `maintained_why` are of the last maintenance.
    """

    class Meta:
        short = "device_health"

    device_key = UnicodeAttribute(hash_key=True)
    community_id = UnicodeAttribute()
    device_id = UnicodeAttribute()
    kind = UnicodeAttribute()
    state = UnicodeAttribute(null=True)
    state_key = UnicodeAttribute(null=True)
    since = NumberAttribute(default=0)
    courses = PlainJson(default=dict)
    marks = PlainJson(default=dict)
    drops = PlainJson(default=list)
    units = PlainJson(default=list)
    watched_since = NumberAttribute(default=0)
    resumed_at = NumberAttribute(default=0)
    down_since = NumberAttribute(default=0)
    will_at = NumberAttribute(default=0)
    will_online = BooleanAttribute(default=True)
    maintained_since = NumberAttribute(default=0)
    maintained_until = NumberAttribute(default=0)
    maintained_by = UnicodeAttribute(null=True)
    maintained_why = UnicodeAttribute(null=True)
    retired_at = NumberAttribute(default=0)
    every_ms = NumberAttribute(default=0)
    used_month = UnicodeAttribute(default="")
    shard = UnicodeAttribute(null=True)
    due_at = NumberAttribute(null=True)
    due = _Due()
    by_state = _ByState()

    @classmethod
    def of(cls, community_id: str, device_id: str, *, consistent: bool = True) -> Self | None:
        """Return a community's device's health, or None if it never said anything."""
        return cls.find(tenant_key(community_id, device_id), consistent=consistent)

    @classmethod
    def new(cls, device: Device) -> Self:
        """Return the row of a device of which nothing is known yet."""
        key = tenant_key(device.community_id, device.device_id)
        return cls(
            device_key=key,
            community_id=device.community_id,
            device_id=device.device_id,
            kind=device.kind,
        )

    def facts(self) -> Health:
        """Return what the rules decide on."""
        return Health(
            watched_since=int(self.watched_since),
            courses={name: _course(said) for name, said in self.courses.items()},
            marks=self.marks,
            drops=tuple(self.drops),
            resumed_at=int(self.resumed_at),
            down_since=int(self.down_since),
            will_at=int(self.will_at),
            will_online=self.will_online,
            maintained_since=int(self.maintained_since),
            maintained_until=int(self.maintained_until),
            retired_at=int(self.retired_at),
        )

    def take(self, health: Health, at: int) -> None:
        """Take over what the rules decided."""
        known = health.watched_since or health.courses or health.maintained_until
        state = health.state.value if known else None
        if state != self.state or not self.since:
            self.state, self.since = state, at
            self.state_key = f"{state}#{self.device_id}" if state else None
        self.courses = {name: _said(course) for name, course in health.courses.items()}
        self.marks, self.drops = dict(health.marks), list(health.drops)
        self.watched_since, self.resumed_at = health.watched_since, health.resumed_at
        self.down_since = health.down_since
        self.will_at, self.will_online = health.will_at, health.will_online
        self.maintained_since = health.maintained_since
        self.maintained_until = health.maintained_until
        self.retired_at = health.retired_at

    def arm(self, due_at: int | None) -> None:
        """Stand on the list of those to look at, or on none."""
        self.due_at = due_at
        self.shard = shard_of(LISTING, self.device_id) if due_at is not None else None

    def rearm(self, due_at: int) -> None:
        """Put off the next look, unless somebody has just looked: one conditional write."""
        cls = type(self)
        row = cls(device_key=self.device_key)
        row.changed([cls.due_at.set(due_at)], cls.due_at == self.due_at)

    def watched(self) -> Watched:
        """Return what the monthly report needs of it."""
        units = tuple(Unit(*said) for said in self.units)
        until = int(self.retired_at) or clock.epoch_ms(clock.now())
        return Watched(self.device_id, self.kind, units, until, int(self.maintained_since))

    @property
    def hardware(self) -> int:
        """Return which piece of hardware the row knows of; 0: none yet."""
        return int(self.units[-1][0]) if self.units else 0

    @classmethod
    def overdue(cls, at: datetime, limit: int) -> dict[str, int]:
        """Return devices to look at, of every partition, the most overdue first: key, due (ms)."""
        due = cls.due_at <= clock.epoch_ms(at)
        found = [list(cls.due.query(shard, due, limit=limit)) for shard in shards(LISTING)]
        rows = sorted((row for part in found for row in part), key=lambda row: int(row.due_at or 0))
        return {row.device_key: int(row.due_at or 0) for row in rows}

    @classmethod
    def listed(
        cls,
        community_id: str,
        state: HealthState | None,
        *,
        limit: int | None = None,
        last_evaluated_key: dict[str, Any] | None = None,
    ) -> ResultIterator["DeviceHealth"]:
        """Return a community's devices that were ever heard: of one state, or all of them."""
        within = cls.state_key.startswith(f"{state.value}#") if state else None
        return cls.by_state.query(
            community_id, within, limit=limit, last_evaluated_key=last_evaluated_key
        )


def _said(course: Course) -> dict[str, Any]:
    """Return a course as it is kept: what is as in a new one is left out."""
    blank = asdict(Course(course.fault))
    return {k: v for k, v in asdict(course).items() if k == "fault" or v != blank[k]}


def _course(said: dict[str, Any]) -> Course:
    course = Course(**said)
    return replace(course, state=HealthState(course.state))


def found_health(keys: Sequence[str]) -> dict[str, DeviceHealth]:
    """Return the rows of many devices by their keys; eventually consistent."""
    return {row.device_key: row for row in DeviceHealth.batch_get(list(keys))}

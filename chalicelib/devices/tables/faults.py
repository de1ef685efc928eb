"""Rows of devices' faults: their orders, and what each piece of hardware did in a month."""

from collections.abc import Iterator
from typing import Any, Self

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.pagination import ResultIterator

from chalicelib.core import clock
from chalicelib.core.table import Row, tenant_key
from chalicelib.devices.rules.uptime import Tally
from chalicelib.devices.tables.registry import Device

DAY_S = 86_400

FAULTS_KEPT_S = 3 * 366 * DAY_S
"""From their end: as long as a claim on the vendor may last (Civil Code 188)."""

MONTHS_KEPT_S = 3 * 366 * DAY_S


class _ByOpening(GlobalSecondaryIndex["DeviceFault"]):
    class Meta:
        index_name = "by_opening"
        projection = AllProjection()

    device_key = UnicodeAttribute(hash_key=True)
    opened_at = NumberAttribute(range_key=True)


class DeviceFault(Row):
    """One order: a device's fault from its opening to its end, and whose hardware it was.

    `state` is TICKETED, REPAIRING or VERIFYING while it is open; `outcome` is how it ended.
    """

    class Meta:
        short = "device_faults"
        ttl = "expires"

    device_key = UnicodeAttribute(hash_key=True)
    fault_id = UnicodeAttribute(range_key=True)
    community_id = UnicodeAttribute()
    device_id = UnicodeAttribute()
    kind = UnicodeAttribute()
    place_id = UnicodeAttribute()
    fault = UnicodeAttribute()
    state = UnicodeAttribute()
    vendor = UnicodeAttribute(null=True)
    model = UnicodeAttribute(null=True)
    serial = UnicodeAttribute(null=True)
    hardware = NumberAttribute()
    opened_at = NumberAttribute()
    moved_at = NumberAttribute()
    relapses = NumberAttribute(default=0)
    reminders = NumberAttribute(default=0)
    moved_by = UnicodeAttribute(null=True)
    note = UnicodeAttribute(null=True)
    outcome = UnicodeAttribute(null=True)
    cleared_at = NumberAttribute(null=True)
    expires = NumberAttribute(null=True)
    by_opening = _ByOpening()

    @classmethod
    def of(cls, community_id: str, device_id: str, fault_id: str) -> Self | None:
        """Return this device's order, or None."""
        return cls.find(tenant_key(community_id, device_id), fault_id)

    @classmethod
    def newest(
        cls,
        community_id: str,
        device_id: str,
        *,
        limit: int,
        last_evaluated_key: dict[str, Any] | None,
    ) -> ResultIterator["DeviceFault"]:
        """Return a page of a device's orders, the newest first."""
        live = cls.expires.does_not_exist() | (cls.expires > int(clock.now().timestamp()))
        return cls.by_opening.query(
            tenant_key(community_id, device_id),
            filter_condition=live,
            limit=limit,
            scan_index_forward=False,
            last_evaluated_key=last_evaluated_key,
        )


class DeviceMonth(Row):
    """What one piece of hardware did in one month; none if nothing happened to it."""

    class Meta:
        short = "device_months"
        ttl = "expires"

    month_key = UnicodeAttribute(hash_key=True)
    unit_key = UnicodeAttribute(range_key=True)
    community_id = UnicodeAttribute()
    device_id = UnicodeAttribute()
    hardware = NumberAttribute()
    down_ms = NumberAttribute(default=0)
    grouped_ms = NumberAttribute(default=0)
    maintained_ms = NumberAttribute(default=0)
    faults = NumberAttribute(default=0)
    false_alarms = NumberAttribute(default=0)
    used = BooleanAttribute(default=False)
    expires = NumberAttribute()

    @classmethod
    def of(cls, device: Device, hardware: int, month: str, ends: int) -> Self:
        """Return the row of a month that ends at an instant (ms), a new one if there is none."""
        key = tenant_key(device.community_id, month), f"{device.device_id}#{hardware}"
        return cls.find(*key) or cls(
            month_key=key[0],
            unit_key=key[1],
            community_id=device.community_id,
            device_id=device.device_id,
            hardware=hardware,
            expires=ends // 1000 + MONTHS_KEPT_S,
        )

    @classmethod
    def all_of(cls, community_id: str, month: str) -> Iterator[Tally]:
        """Yield what is on record of a community's devices in a month."""
        for row in cls.query(tenant_key(community_id, month)):
            yield row.tally()

    def tally(self) -> Tally:
        """Return what the report needs."""
        return Tally(
            device_id=self.device_id,
            hardware=int(self.hardware),
            down_ms=int(self.down_ms),
            grouped_ms=int(self.grouped_ms),
            maintained_ms=int(self.maintained_ms),
            faults=int(self.faults),
            false_alarms=int(self.false_alarms),
            used=self.used,
        )

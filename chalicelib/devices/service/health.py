"""Where devices are: heard of by what they say, by the broker, and by looking when it is due."""

from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.core import clock, sweep
from chalicelib.core.logs import logger
from chalicelib.devices.events import DeviceQuarantined, DeviceRetired, DeviceSwapped
from chalicelib.devices.rules import complaints, judging
from chalicelib.devices.rules.complaints import Word, is_use
from chalicelib.devices.rules.health import Health, Judged
from chalicelib.devices.rules.registry import Standing
from chalicelib.devices.rules.silence import Sight, deadlines
from chalicelib.devices.rules.state import position
from chalicelib.devices.rules.uplink import Reported, is_live
from chalicelib.devices.rules.uptime import month_of
from chalicelib.devices.service.courses import Cause, turned
from chalicelib.devices.service.outages import expected_ms
from chalicelib.devices.service.state import hardware_of
from chalicelib.devices.tables.health import DeviceHealth, found_health
from chalicelib.devices.tables.registry import Device
from chalicelib.devices.tables.state import DeviceState

BUDGET = timedelta(seconds=40)
"""For how long one sweep looks at devices; the rest is first in the next one."""

LATE = timedelta(minutes=3)
"""A sweep that finds somebody this long overdue does not keep up, or has not run."""

MOST_IN_A_BATCH = 100
"""Items of one BatchGetItem (DynamoDB)."""


def heard(device: Device, event: Reported, received_at: datetime) -> None:
    """Take in that a device spoke, and what it said of itself.

    One eventually consistent read while it is well, and nothing is written. Right at any
    repetition and order; what is replayed from a buffer opens no order.
    """
    at = clock.epoch_ms(received_at)
    if device.standing == Standing.RETIRED or at < (device.swapped_at or 0):
        return
    row = DeviceHealth.of(device.community_id, device.device_id, consistent=False)
    word, use = _word(device, event, received_at), is_use(device.kind, event.type)
    if row is not None and not _matters(row, word, expected_ms(device), use=use):
        return

    def heed(health: Health, _sight: Sight) -> Judged:
        return Judged(complaints.heeded(health, word))

    turned(device.community_id, device.device_id, heed, cause=Cause(heard_at=at, use=use))


def _word(device: Device, event: Reported, received_at: datetime) -> Word:
    at, code = clock.epoch_ms(received_at), event.data.get("code")
    return Word(
        type=event.type,
        position=position(event, at, hardware_of(device, at)),
        received_at=at,
        skew_ms=clock.epoch_ms(event.occurred_at) - at,
        live=is_live(event.occurred_at, received_at, replayed=event.replayed),
        replayed=event.replayed,
        code=code if isinstance(code, str) else "",
    )


def _matters(row: DeviceHealth, word: Word, every_ms: int, *, use: bool) -> bool:
    health = row.facts()
    if health.retired_at:
        return False
    new = not health.watched_since or int(row.every_ms) != every_ms
    first_use = use and month_of(word.received_at) > row.used_month
    return new or first_use or complaints.matters(health, word, every_ms)


def last_will(community_id: str, device_id: str, online: bool, at: datetime) -> None:  # noqa: FBT001 -- a Presence
    """Take in the broker's word that a device connected, or that it lost it.

    The newest word counts, in whatever order they come. One that never said anything is not
    missed.
    """
    at_ms = clock.epoch_ms(at)
    row = DeviceHealth.of(community_id, device_id, consistent=False)
    if (row is None and not online) or (row is not None and row.will_at >= at_ms):
        return

    def told(health: Health, _sight: Sight) -> Judged:
        if health.will_at >= at_ms:
            return Judged(health)
        return Judged(replace(health, will_at=at_ms, will_online=online))

    turned(community_id, device_id, told, cause=Cause(heard_at=at_ms if online else 0))


def follow(event: DeviceSwapped | DeviceRetired) -> None:
    """Take in that a device has other hardware, or is no more."""
    turned(event.community_id, event.device_id, cause=Cause())


def follow_quarantine(event: DeviceQuarantined) -> None:
    """Open an order for a device that sends more than any working one does."""
    at, until = clock.epoch_ms(event.began_at), clock.epoch_ms(event.until)

    def storm(health: Health, _sight: Sight) -> Judged:
        return Judged(complaints.stormed(health, at, until))

    turned(event.community_id, event.device_id, storm, cause=Cause(heard_at=at))


def watch_devices(*, limit: int = 1_000, budget: timedelta = BUDGET) -> int:
    """Look at each device whose look is due; return how many had changed.

    `limit` is of each partition of the list: 8,000 in all, so that a sweep a minute keeps up
    with 16,000 devices that beat every minute (record 0029); beyond, looks are late, and the log
    says by how much. A device that was heard in time costs its share of two batched reads, and
    one write that puts its next look off.
    """
    end, found = clock.now() + budget, 0
    due = DeviceHealth.overdue(clock.now(), limit)
    keys = list(due)
    if keys and _late(due[keys[0]]) > LATE:
        _complain("devices looked at late", due, keys)
    for start in range(0, len(keys), MOST_IN_A_BATCH):
        if clock.now() >= end:
            _complain("devices not looked at", due, keys[start:])
            break
        part = keys[start : start + MOST_IN_A_BATCH]
        rows, states = _read(part)

        def deal(key: str, rows: Rows = rows, states: States = states) -> bool:
            well = key in rows and _put_off(rows[key], states.get(key))
            return not well and _look(key)

        found += sweep.each(part, deal)
    return found


def _late(due_at: int) -> timedelta:
    return clock.now() - clock.from_epoch_ms(due_at)


def _complain(what: str, due: dict[str, int], keys: list[str]) -> None:
    """Log that a sweep does not keep up, and by how much: the first key is the most overdue."""
    oldest = due[keys[0]]
    said = {
        "devices": len(keys),
        "oldest_due_at": clock.from_epoch_ms(oldest).isoformat(),
        "late_s": int(_late(oldest).total_seconds()),
    }
    logger().warning(what, extra=said)


Rows = dict[str, DeviceHealth]
States = dict[str, DeviceState]


def _read(keys: list[str]) -> tuple[Rows, States]:
    """Read many devices at once; if one of them cannot be read, each is looked at alone."""
    try:
        states = {row.device_key: row for row in DeviceState.batch_get(keys)}
        return found_health(keys), states
    except Exception:  # noqa: BLE001 -- one bad row must not hide its neighbours
        logger().exception("devices not read together", extra={"devices": len(keys)})
        return {}, {}


def _put_off(row: DeviceHealth, state: DeviceState | None) -> bool:
    """Put off the next look at a device that is well; False if it has to be looked at."""
    health = row.facts()
    seen_at = int(state.seen_at) if state else 0
    sight = Sight(clock.epoch_ms(clock.now()), int(row.every_ms), seen_at)
    idle = health.maintained_until or health.retired_at or not health.watched_since
    if health.courses or idle or sight.at >= deadlines(health, sight).suspect_at:
        return False
    due_at = judging.next_look(health, sight)
    if due_at is not None:
        row.rearm(due_at)
    return True


def _look(key: str) -> bool:
    community_id, _, device_id = key.partition("#")
    case = turned(community_id, device_id)
    if case is None:
        logger().error("health of a device that is gone", extra={"device": device_id})
        DeviceHealth(device_key=key).changed(
            [DeviceHealth.shard.remove()], DeviceHealth.device_key.exists()
        )
    return case is not None and case.health != case.before

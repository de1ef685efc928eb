"""Rows of what devices are like now."""

from collections.abc import Iterator
from typing import Any, Self

from pynamodb.attributes import (
    MapAttribute,
    NumberAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
)
from pynamodb.expressions.condition import Condition, size
from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action

from chalicelib.core import clock
from chalicelib.core.table import Row, tenant_key
from chalicelib.devices.rules.state import Latest, Observed

DAY_S = 86_400

UNKNOWN_KEPT_S = 31 * DAY_S
"""From its day's beginning: as long as the events themselves."""

MOST_UNKNOWN = 200
"""Events of undeclared types that are counted of one device and day: enough to be noticed."""

SEPARATOR = " "
"""Between type and id of a counted event; neither holds one."""


class DeviceState(Row):
    """What a device said last: of all, of each type of event, and of each quantity.

    Each of these moves forward only, by its own position (`rules.state.position`), so that
    any order of arrival ends in the same row. `seen_at` is the last time that anything came.
    In `events` each entry is `{p: position, …}`, in `readings` `{p: rank, …}`
    (`rules.state.rank`); no rank there is above `ranked`.
    """

    class Meta:
        short = "device_states"

    device_key = UnicodeAttribute(hash_key=True)
    community_id = UnicodeAttribute()
    device_id = UnicodeAttribute()
    position = UnicodeAttribute()
    event_id = UnicodeAttribute()
    type = UnicodeAttribute()
    boot = NumberAttribute()
    sequence = NumberAttribute()
    occurred_at = NumberAttribute()
    skew_ms = NumberAttribute()
    seen_at = NumberAttribute()
    events: MapAttribute[str, Any] = MapAttribute(default=dict)
    readings: MapAttribute[str, Any] = MapAttribute(default=dict)
    ranked = UnicodeAttribute(null=True)

    @classmethod
    def of(cls, community_id: str, device_id: str, *, consistent: bool = True) -> Self | None:
        """Return a community's device's state, or None if it never said anything."""
        return cls.find(tenant_key(community_id, device_id), consistent=consistent)

    @classmethod
    def observe(cls, community_id: str, device_id: str, seen: Observed) -> None:
        """Let the state move to what an event says, as far as that is newer.

        One conditional write for an event that is the newest of all, as nearly every one is.
        The first of a device takes two; one that was overtaken, one for each of its parts.
        """
        key = tenant_key(community_id, device_id)
        pieces = list(_pieces(seen))
        whole = [action for actions, _ in pieces for action in actions]
        newest = (cls.position < seen.position) & (cls.seen_at <= seen.received_at)
        if seen.readings:  # the oldest value of this pack is newer than any that is there
            oldest = min(latest.rank for latest in seen.readings.values())
            newest &= cls.ranked.does_not_exist() | (cls.ranked < oldest)
        if cls(device_key=key).changed(whole, newest):
            return
        born = cls(device_key=key, community_id=community_id, device_id=device_id, **_all(seen))
        if not born.put_new():
            for actions, condition in pieces:
                cls(device_key=key).changed(actions, condition)


def _pieces(seen: Observed) -> Iterator[tuple[list[Action], Condition]]:
    """Yield what each part of the state is set to, and when that part may move."""
    top = {name: value for name, value in _top(seen).items() if name != "seen_at"}
    yield (
        [getattr(DeviceState, name).set(value) for name, value in top.items()],
        DeviceState.position < seen.position,
    )
    yield (
        [DeviceState.seen_at.set(seen.received_at)],
        DeviceState.seen_at < seen.received_at,
    )
    if seen.readings:  # before the values themselves: no rank is above it
        most = _most_ranked(seen)
        above = DeviceState.ranked.does_not_exist() | (DeviceState.ranked < most)
        yield [DeviceState.ranked.set(most)], above
    for kept, entries in (("events", _events(seen)), ("readings", _readings(seen))):
        for name, entry in entries.items():
            path: Path = getattr(DeviceState, kept)[name]
            newer = path.does_not_exist() | (path["p"] < entry["p"])
            yield [path.set(entry)], newer


def _all(seen: Observed) -> dict[str, Any]:
    ranked = {"ranked": _most_ranked(seen)} if seen.readings else {}
    return {**_top(seen), "events": _events(seen), "readings": _readings(seen), **ranked}


def _most_ranked(seen: Observed) -> str:
    return max(latest.rank for latest in seen.readings.values())


def _top(seen: Observed) -> dict[str, Any]:
    return {
        "position": seen.position,
        "event_id": seen.event_id,
        "type": seen.type,
        "boot": seen.boot,
        "sequence": seen.sequence,
        "occurred_at": seen.occurred_at,
        "skew_ms": seen.skew_ms,
        "seen_at": seen.received_at,
    }


def _events(seen: Observed) -> dict[str, Any]:
    """Return the entry of the event's type; undeclared types are counted elsewhere."""
    if not seen.known:
        return {}
    entry = {
        "p": seen.position,
        "id": seen.event_id,
        "occurred_at": seen.occurred_at,
        "received_at": seen.received_at,
        "shown": seen.shown,
    }
    return {seen.type: entry}


def _readings(seen: Observed) -> dict[str, Any]:
    def entry(latest: Latest) -> dict[str, Any]:
        return {"p": latest.rank, "at": latest.at, "value": latest.value}

    return {quantity: entry(latest) for quantity, latest in seen.readings.items()}


class UnknownEvents(Row):
    """The events of undeclared types that a device sent on one day (UTC, by our clock).

    A set: whatever comes again is counted once.
    """

    class Meta:
        short = "unknown_events"
        ttl = "expires"

    device_key = UnicodeAttribute(hash_key=True)
    day = UnicodeAttribute(range_key=True)
    community_id = UnicodeAttribute()
    device_id = UnicodeAttribute()
    seen = UnicodeSetAttribute(null=True)
    expires = NumberAttribute()

    @classmethod
    def note(
        cls, community_id: str, device_id: str, event_type: str, event_id: str, received_at: int
    ) -> bool:
        """Count an event; False if so many came that day that more would say no more."""
        at, one = clock.from_epoch_ms(received_at), f"{event_type}{SEPARATOR}{event_id}"
        row = cls(device_key=tenant_key(community_id, device_id), day=f"{at:%Y-%m-%d}")
        return row.changed(
            [
                cls.community_id.set(community_id),
                cls.device_id.set(device_id),
                cls.expires.set(_midnight(received_at) + UNKNOWN_KEPT_S),
                cls.seen.add({one}),
            ],
            cls.seen.does_not_exist() | (size(cls.seen) < MOST_UNKNOWN) | cls.seen.contains(one),
        )

    @classmethod
    def of(cls, community_id: str, device_id: str) -> dict[str, int]:
        """Return how many events of each undeclared type a device sent of late."""
        counts: dict[str, int] = {}
        for row in cls.query(tenant_key(community_id, device_id)):
            for one in (row.seen or ()) if row.is_live() else ():
                name = one.partition(SEPARATOR)[0]
                counts[name] = counts.get(name, 0) + 1
        return dict(sorted(counts.items()))


def _midnight(ms: int) -> int:
    """Return the beginning of a day of UTC in seconds: whoever writes the row, its end is one."""
    return ms // 1000 - ms // 1000 % DAY_S

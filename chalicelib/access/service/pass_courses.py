"""What becomes of passes by themselves: used at the edge, spent, over, left behind, forgotten."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from chalicelib.access.events import PassSpent
from chalicelib.access.rules.decisions import Direction, Door, Method, Reason, reaches
from chalicelib.access.rules.passes import MOST_COMPANIONS, PassState, may_follow
from chalicelib.access.service import allow_lists, decisions, pass_secrets, passes, pins, trails
from chalicelib.access.service.pass_giving import listed
from chalicelib.access.tables.decisions import DecisionRow, request_key
from chalicelib.access.tables.passes import PassRow
from chalicelib.core import clock, ids, outbox, sealing, sweep
from chalicelib.core.errors import Conflict
from chalicelib.core.logs import logger
from chalicelib.core.patience import patiently
from chalicelib.core.retention import Kept, kept_until
from chalicelib.core.table import tenant_key
from chalicelib.devices import public as devices
from chalicelib.devices.events import DeviceEventRecorded
from chalicelib.identity.events import AccountErased, PersonForgotten, ResidencyEnded

TRIES = 4

_METHODS = {
    "qr": Method.QR.value,
    "pin": Method.PIN.value,
    "password": Method.PIN.value,
    "card": Method.CARD.value,
}


def record_visit(event: DeviceEventRecorded) -> None:
    """Count a use of a pass that a door decided by its own list; once, however late it comes.

    What was decided by us (`decision`) is counted already. Such a use cannot be refused any
    more: a pass that was over by then is only on record. A door is not believed to have opened
    by a pass that is not for it, nor to more people than any pass is for.
    """
    holder, told = str(event.data.get("holder") or ""), event.data.get("decision")
    if not holder.startswith("pass_") or told:
        return
    row = _visit(event, holder)
    try:
        patiently(
            lambda: _record(event, holder, row), tries=TRIES, again=lambda _: not row.has_twin()
        )
    except Conflict:
        if not row.has_twin():
            raise


def _record(event: DeviceEventRecorded, holder: str, row: DecisionRow) -> None:
    given = PassRow.of(event.community_id, holder)
    if given is None:
        logger().warning("passage by no pass", extra={"device": event.device_id})
        return
    door = Door(event.device_id, _path_of(event), event.kind)
    if not _serves(door, given):
        logger().warning("passage by another's pass", extra={"device": event.device_id})
        return
    row.companions = min(max(0, int(row.companions)), MOST_COMPANIONS)
    outbox.commit(given, row, events=_used(given, door, event))


def list_spent(event: PassSpent) -> None:
    """Tell the doors' lists that a pass has no use left; it stays on them until it ends.

    Who is in by its last use goes on inwards, by lift, and out, at doors that decide alone too.
    Of a pass that has ended nothing is listed: `passes.close` took it off, and a close that
    comes meanwhile makes this a Conflict, which the queue brings again. Its PIN makes room
    for another in the flat; shown at a door, it still leads to this pass.
    """
    row = PassRow.of(event.community_id, event.pass_id)
    if row is not None and row.state == PassState.SPENT:
        spent = outbox.Given(PassRow, row.pass_key, None, PassRow.state == PassState.SPENT.value)
        freed = pins.release(row.community_id, row.unit_id, row.pass_id) if row.has_pin else None
        rows = [freed] if freed is not None else []
        allow_lists.commit(event.community_id, listed(row), *rows, given=(spent,))


def expire_passes(*, at: datetime | None = None, limit: int = 200) -> int:
    """Close the passes whose window is over; return how many."""
    at = at or clock.now()
    return sweep.each(
        list(PassRow.overdue(at, limit)), lambda key: _end(key, PassState.EXPIRED, at)
    )


def revoke_of_leaver(event: ResidencyEnded) -> None:
    """Take back the passes that somebody gave for a flat that they have left.

    What they gave in a later stay there stays, however late this is heard.
    """
    for key in _of_host(event.community_id, event.person_id):
        row = PassRow.find(key)
        if row is None or row.unit_id != event.unit_id:
            continue
        if int(row.made_at) <= clock.epoch_ms(event.ended_at):
            _end(key, PassState.REVOKED, event.ended_at)


def forget(event: PersonForgotten | AccountErased) -> None:
    """Delete the passes of a person who is forgotten, and what was kept of their use."""
    at = clock.now()
    for key in _of_host(event.community_id, event.person_id):
        _end(key, PassState.REVOKED, at)
        row = PassRow.find(key)
        if row is None:
            continue
        trails.erase(event.community_id, row.pass_id)
        outbox.commit(deletes=[row])


def held_of(community_id: str, person_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the passes that a person gave, and their uses, for their export."""
    try:
        key: sealing.PersonKey | None = sealing.key_of(community_id, person_id)
    except sealing.Forgotten:
        key = None
    for pass_key in _of_host(community_id, person_id):
        row = PassRow.find(pass_key)
        if row is None:
            continue
        yield (
            "passes",
            {
                "pass_id": row.pass_id,
                "unit_id": row.unit_id,
                "state": row.state,
                "visitor": pass_secrets.text(row, "visitor", key),
                "note": pass_secrets.text(row, "note", key),
                "starts": row.window.starts.isoformat(),
                "ends": row.window.ends.isoformat(),
                "uses": int(row.uses),
                "uses_left": int(row.uses_left),
                "companions": int(row.companions),
            },
        )
        for visit in DecisionRow.by_holder.query(trails.holder_key(community_id, row.pass_id)):
            if visit.is_live() and visit.allow:
                yield (
                    "pass_uses",
                    {
                        "pass_id": row.pass_id,
                        "device_id": visit.device_id,
                        "direction": visit.direction,
                        "companions": int(visit.companions),
                        "at": clock.from_epoch_ms(int(visit.at)).isoformat(),
                    },
                )


def _of_host(community_id: str, person_id: str) -> list[str]:
    return [row.pass_key for row in PassRow.by_host.query(tenant_key(community_id, person_id))]


def _end(key: str, state: PassState, at: datetime) -> bool:
    """Let a pass end, unless it has ended otherwise; return whether it did."""
    row = PassRow.find(key)
    if row is None or not may_follow(PassState(row.state), state):
        return False
    row.advance(state)
    row.decided_at = clock.epoch_ms(at)
    passes.close(row, at)
    return True


def _serves(door: Door, given: PassRow) -> bool:
    """Return whether a pass is for a door: it reaches the flat, and was chosen if any were."""
    chosen = list(given.doors)
    named = not chosen or door.device_id in chosen
    return named and reaches(door.path, given.unit_path)


def _used(given: PassRow, door: Door, event: DeviceEventRecorded) -> list[PassSpent]:
    """Change a pass by a use at the edge; what comes late says nothing of where somebody is."""
    visit = given.visit
    told = decisions.use(given, door, _direction(event), _when(event))
    if not event.live:
        given.note_visit(visit)
    return told


def _when(event: DeviceEventRecorded) -> datetime:
    """Return when somebody passed: a door's clock may be wrong, and nothing is yet to come."""
    return min(event.occurred_at, event.received_at)


def _path_of(event: DeviceEventRecorded) -> str:
    return devices.device_of(event.community_id, event.device_id).node_path or ""


def _direction(event: DeviceEventRecorded) -> Direction:
    said = event.data.get("direction")
    return Direction(said) if said in set(Direction) else Direction.UNKNOWN


def _visit(event: DeviceEventRecorded, holder: str) -> DecisionRow:
    key = request_key(event.community_id, event.device_id, f"event:{event.event_id}")
    companions = event.data.get("companions")
    row = DecisionRow(
        request_key=key,
        decision_id=ids.derived("dec", key),
        community_id=event.community_id,
        device_id=event.device_id,
        place_id=event.place_id,
        digest="",
        method=_METHODS.get(str(event.data.get("method")), "other"),
        allow=True,
        reason=Reason.OK.value,
        direction=_direction(event).value,
        companions=companions if isinstance(companions, int) else 0,
        floors=[],
        edge=True,
        at=clock.epoch_ms(_when(event)),
        expires=kept_until(Kept.PASSAGE, event.received_at),
    )
    trails.close(row, holder)
    return row

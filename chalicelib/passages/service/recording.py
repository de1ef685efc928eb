"""Each passage on record, once: what doors and cameras report, and what we opened from afar."""

from datetime import UTC, datetime
from typing import Any

from chalicelib.access import public as access
from chalicelib.access.events import OpeningClosed
from chalicelib.core import clock, ids
from chalicelib.core.errors import NotFound
from chalicelib.core.logs import logger
from chalicelib.core.retention import Kept, kept_until
from chalicelib.devices import public as devices
from chalicelib.devices.events import DeviceEventRecorded
from chalicelib.passages.rules import passages as rules
from chalicelib.passages.rules.passages import (
    Direction,
    Holder,
    Method,
    PassageOutcome,
    Said,
    Thing,
)
from chalicelib.passages.service import seals
from chalicelib.passages.service.seals import Details
from chalicelib.passages.tables.passages import PassageRow, at_id, place_key
from chalicelib.vehicles import public as vehicles

Whose = tuple[str, Holder, str, Details]
"""A person's id, as what they passed, the mark that they showed, and the details."""


def record(event: DeviceEventRecorded) -> None:
    """Record what a door or a plate camera reports: once, however often and late it comes.

    What came late stands at its own time and is marked.
    """
    said = rules.read(event.type, event.data)
    at = rules.happened_at(event.occurred_at, event.received_at)
    row = PassageRow(
        **_keys(event.community_id, event.place_id, at, event.device_id, event.event_id),
        device_id=event.device_id,
        kind=event.kind,
        received_at=clock.epoch_ms(event.received_at),
        late=0 if event.live else 1,
        thing=said.thing.value,
        outcome=said.outcome.value,
        method=said.method.value,
        direction=said.direction.value,
        companions=said.companions,
    )
    _keep(row, _whose(event.community_id, said, at))


def record_opening(event: OpeningClosed) -> None:
    """Record an opening that a resident or a guard tapped, if the door did open.

    A call's is the visitor's of the flat's, with whoever answered as the host; a guard's own
    is nobody's.
    """
    if event.state != "OPENED":
        return
    try:
        kind = devices.device_of(event.community_id, event.door_id).kind
    except NotFound:
        kind = devices.Kind.GATE.value
    method = Method(event.how)
    row = PassageRow(
        **_keys(event.community_id, event.place_id, event.closed_at, event.opening_id),
        device_id=event.door_id,
        kind=kind,
        received_at=clock.epoch_ms(event.closed_at),
        thing=(Thing.VEHICLE if kind == devices.Kind.BARRIER else Thing.PERSON).value,
        outcome=PassageOutcome.OPENED.value,
        method=method.value,
        direction=(Direction.UNKNOWN if method is Method.PHONE else Direction.IN).value,
    )
    holder = Holder.RESIDENT if method is Method.PHONE else Holder.VISITOR
    host = "" if method is Method.DESK else event.by
    _keep(row, (host, holder, "", Details(unit_id=event.unit_id)))


def _keys(community_id: str, place_id: str, at: datetime, *causes: str) -> dict[str, Any]:
    """Return where and when a passage stands: the same causes are the same row."""
    passage_id, at_ms = ids.derived("psg", community_id, *causes), clock.epoch_ms(at)
    return {
        "community_id": community_id,
        "place_id": place_id,
        "place_key": place_key(community_id, place_id, f"{at.astimezone(UTC):%Y%m%d}"),
        "at_id": at_id(at_ms, passage_id),
        "passage_id": passage_id,
        "at": at_ms,
        "expires": kept_until(Kept.PASSAGE, at),
    }


def _keep(row: PassageRow, whose: Whose) -> None:
    """Write a passage that an earlier delivery may have written."""
    person_id, holder, mark, details = whose
    row.holder, row.mark_key = holder.value, mark or None
    seals.close(row, person_id, details)
    if not row.put_new():
        logger().info("passage repeated", extra={"passage": row.passage_id})


def _whose(community_id: str, said: Said, at: datetime) -> Whose:
    """Return whose a passage was when it happened; it stays on record if nobody knows."""
    if said.thing is Thing.VEHICLE:
        return _of_vehicle(community_id, said.plate, at)
    return _of_person(community_id, said, at)


def _of_vehicle(community_id: str, plate: str, at: datetime) -> Whose:
    known = vehicles.subject_of_plate(community_id, plate, at) if plate else None
    if known is None:
        mark = seals.mark_key(community_id, "plate", plate) if plate else ""
        return "", Holder.UNKNOWN, mark, Details(plate=plate)
    mark = seals.mark_key(community_id, "plate", known.plate)
    holder = _HOLDERS.get(known.kind, Holder.UNKNOWN)
    return known.person_id, holder, mark, Details(known.unit_id, plate=known.plate)


_HOLDERS = {
    "resident": Holder.RESIDENT,
    "visitor": Holder.VISITOR,
    "emergency": Holder.EMERGENCY,
}


def _of_person(community_id: str, said: Said, at: datetime) -> Whose:
    """Return whose a person's passage was.

    What is a card is marked as that card, whoever holds it, by whatever the door names it: so
    one card in many hands is one card.
    """
    shown, subject = said.holder, None
    card = access.card_mark(community_id, said.card) if said.card else ""
    if rules.is_ours(said.holder):
        subject = access.subject_of(community_id, said.holder, at)
    elif said.card and (found := access.subject_of_card(community_id, said.card, at)):
        shown, subject = found
    card = card or (subject.card if subject else "")
    mark = seals.mark_key(community_id, "card", card) if card else ""
    if subject is None:
        return "", Holder.UNKNOWN, mark, Details()
    holder = Holder.VISITOR if subject.visitor else Holder.RESIDENT
    mark = mark or seals.mark_key(community_id, "holder", shown)
    return subject.person_id, holder, mark, Details(subject.unit_id, shown=shown)

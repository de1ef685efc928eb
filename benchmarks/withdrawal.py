"""Somebody moves out: how long until the last door has said that nothing of theirs opens.

Cards, codes, faces and fingers at doors that hold lists; from the company's HTTP request to the
receipt of every device. Then the same with one door that was off, from its return.
"""

from __future__ import annotations

import time
import uuid
from contextlib import ExitStack
from datetime import datetime
from functools import partial

from benchmarks import crowd
from benchmarks.figures import Figure, percentile
from tools.simulate.door_list import ListDoor
from tools.simulate.enrolling import enrol
from tools.simulate.estate import Estate
from tools.simulate.fleet import broker_of
from tools.simulate.person import Person
from tools.simulate.signing import Json
from tools.simulate.waiting import eventually

DOORS, PEOPLE, BODIES = 20, 10, 3
PATIENCE_S = 180.0
LAW_S = 3_600.0
ONLINE_S = 30.0
"""Our own budget while every door is reached: seconds, not minutes."""


def measure(estate: Estate) -> list[Figure]:
    """Give, move out, wait for the receipts."""
    staff = Person(estate.base_url, estate.tokens["property"])
    with ExitStack() as stack:
        doors = [stack.enter_context(_door(estate, staff)) for _ in range(DOORS)]
        people = crowd.adults(estate, PEOPLE)
        held = {person: _given(staff, person, doors) for person in people}
        for some in held.values():
            _wait(lambda some=some: all(_is_there(staff, one) for one in some), "enrolled")
        online = [_moved_out(staff, person, held[person]) for person in people[:-1]]
        late = _after_return(staff, people[-1], held[people[-1]], doors[0])
    note = f"{len(online)} people × 4 kinds, {DOORS} doors"
    return [
        Figure("move-out to the last receipt, p50", percentile(online, 0.5), unit="s", note=note),
        Figure("move-out to the last receipt, most", max(online), ONLINE_S, "s", note=note),
        Figure("a door's return to the last receipt", late, LAW_S, "s", note="it was off"),
    ]


def _door(estate: Estate, staff: Person) -> ListDoor:
    place = f"bench-{uuid.uuid4().hex[:8]}"
    device = enrol(staff, estate.community_id, "gate", place)
    return ListDoor(device, broker_of(estate), estate.base_url)


def _given(staff: Person, person: Person, doors: list[ListDoor]) -> list[Json]:
    """Give somebody a card, a code, a finger, and, with their consent, a face."""
    text = next(
        one
        for one in person.read("/resident/consents")["items"]
        if one["purpose"] == "face_recognition"
    )
    said = {"purpose": "face_recognition", "decision": "given", "channel": "settings"}
    said |= {name: text[name] for name in ("text_version", "text_sha256")}
    person.post("/resident/consents", said).raise_for_status()
    who = {"person_id": person.read("/resident/me")["subject_id"], "unit_id": crowd.FLAT}
    there = {"doors": [door.device.id for door in doors[:BODIES]]}
    wishes = [
        who | {"kind": "card", "number": uuid.uuid4().hex[:14]},
        who | {"kind": "qr"},
        who | {"kind": "fingerprint"} | there,
        who | {"kind": "face"} | there,
    ]
    made = []
    for wish in wishes:
        answer = staff.post("/property/credentials", wish)
        answer.raise_for_status()
        made.append(answer.json() | who)
    return made


def _is_there(staff: Person, one: Json) -> bool:
    held = _receipts(staff, one)["enrolled_on"]
    wanted = BODIES if one["kind"] in {"face", "fingerprint"} else DOORS
    return len([place for place in held if place["state"] == "ENROLLED"]) >= wanted


def _receipts(staff: Person, one: Json) -> Json:
    return staff.read(f"/property/credentials/{one['credential_id']}/receipts")


def _moved_out(staff: Person, _person: Person, held: list[Json]) -> float:
    """Return the seconds from the request to the last receipt of all that somebody had."""
    began = time.time()
    _leave(staff, held)
    return _completed(staff, held) - began


def _leave(staff: Person, held: list[Json]) -> None:
    path = f"/property/units/{crowd.FLAT}/move-out"
    staff.post(path, {"person_id": held[0]["person_id"]}).raise_for_status()


def _completed(staff: Person, held: list[Json]) -> float:
    """Wait for all receipts; return when the last one was taken down, in epoch seconds."""
    ends = []
    for one in held:
        _wait(partial(_is_completed, staff, one), "withdrawn")
        ends.append(datetime.fromisoformat(_receipts(staff, one)["completed_at"]).timestamp())
    return max(ends)


def _is_completed(staff: Person, one: Json) -> bool:
    return bool(_receipts(staff, one)["completed_at"])


def _after_return(staff: Person, _person: Person, held: list[Json], door: ListDoor) -> float:
    door.stop()
    _leave(staff, held)
    time.sleep(5)
    back = time.time()
    door.start()
    return _completed(staff, held) - back


def _wait(look: object, what: str) -> None:
    assert callable(look)
    if not eventually(look, PATIENCE_S, every_s=0.3):
        raise RuntimeError(f"not {what} in {PATIENCE_S:.0f} s")

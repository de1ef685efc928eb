"""Journey: a card, a face and a code at doors that decide alone; consent, withdrawal, receipts."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from chalicelib.access.rules import qr
from chalicelib.core import clock
from tests.journeys.town import Town
from tools.simulate.door_list import ListDoor
from tools.simulate.enrolling import enrol
from tools.simulate.fleet import broker_of
from tools.simulate.held_list import Verdict
from tools.simulate.person import Person
from tools.simulate.signing import Json
from tools.simulate.waiting import eventually


@pytest.fixture(scope="module")
def doors(town: Town) -> Iterator[list[ListDoor]]:
    """Two new gates of the estate that hold its list."""
    estate = town.estate
    with ExitStack() as stack:
        made = []
        for _ in range(2):
            place = f"list-door-{uuid.uuid4().hex[:6]}"
            device = enrol(town.staff, estate.community_id, "gate", place, new_place=True)
            door = ListDoor(device, broker_of(estate), estate.base_url)
            made.append(stack.enter_context(door))
        yield made


def given(town: Town, kind: str, **more: object) -> Json:
    """Let the resident give themselves a credential for their flat."""
    wish = {"unit_id": town.estate.ids["unit"], "kind": kind, **more}
    answer = town.resident.post("/resident/credentials", wish)
    assert answer.status_code == 200, answer.text
    made: Json = answer.json()
    return made


def card(town: Town, number: str) -> Json:
    """Let the company hand out a card to the resident."""
    me = town.resident.read("/resident/me")["subject_id"]
    wish = {"person_id": me, "unit_id": town.estate.ids["unit"], "kind": "card", "number": number}
    answer = town.staff.post("/property/credentials", wish)
    assert answer.status_code == 200, answer.text
    made: Json = answer.json()
    return made


def receipts(town: Town, made: Json) -> Json:
    """Return where a credential is on each device."""
    return town.staff.read(f"/property/credentials/{made['credential_id']}/receipts")


@contextmanager
def agreed(person: Person) -> Iterator[str]:
    """Consent to faces, and take it back at the end if it still stands."""
    listed = person.read("/resident/consents")["items"]
    text = next(one for one in listed if one["purpose"] == "face_recognition")
    asked = {"purpose": "face_recognition", "decision": "given", "channel": "settings"}
    asked |= {name: text[name] for name in ("text_version", "text_sha256")}
    answer = person.post("/resident/consents", asked)
    assert answer.status_code == 200, answer.text
    yield answer.json()["consent_id"]


def test_a_card_opens_where_it_should_and_is_dead_everywhere_within_seconds(
    town: Town, doors: list[ListDoor]
):
    number = uuid.uuid4().hex[:14]
    made = card(town, number)
    assert eventually(lambda: all(door.show_card(number).allow for door in doors), 20, every_s=0.2)
    assert doors[0].show_card(number).holder == made["credential_id"]
    path = f"/property/credentials/{made['credential_id']}/withdraw"
    began = time.monotonic()
    assert town.staff.post(path, {"reason": "门卡遗失"}).status_code == 200
    assert eventually(lambda: receipts(town, made)["completed_at"], 30, every_s=0.1)
    assert time.monotonic() - began < 30
    assert not any(door.show_card(number).allow for door in doors)
    states = {one["state"] for one in receipts(town, made)["enrolled_on"]}
    assert states == {"WITHDRAWN"}


def test_face_consent_enrol_withdraw_receipts(town: Town, doors: list[ListDoor]):
    door, ids = doors[0], [one.device.id for one in doors]
    unit = town.estate.ids["unit"]
    wish = {"unit_id": unit, "kind": "face", "doors": ids}
    refused = town.resident.post("/resident/credentials", wish)
    assert (refused.status_code, refused.json()["code"]) == (422, "consent_required")
    with agreed(town.resident) as consent_id:
        made = given(town, "face", doors=ids)
        name = made["credential_id"]
        assert eventually(lambda: receipts(town, made)["state"] == "ACTIVE", 20, every_s=0.1)
        assert eventually(lambda: door.show_body(name).allow, 20, every_s=0.2)
        withdrawn = town.resident.post(f"/resident/consents/{consent_id}/withdraw")
        assert withdrawn.status_code == 200, withdrawn.text
    assert eventually(lambda: receipts(town, made)["completed_at"], 40, every_s=0.1)
    assert all(name not in one.bodies for one in doors)
    assert not door.show_body(name).allow


def opens_by_code(door: ListDoor, name: str, token: str) -> None:
    """Show the rotating code; one of two minutes ago opens nothing."""
    opened = qr.opened(token)
    assert opened is not None
    secret = opened[1]

    def shown(*, steps: int = 0) -> Verdict:
        return door.show_code(qr.code(name, secret, qr.step_at(clock.now()) + steps))

    assert eventually(lambda: shown().allow, 20, every_s=0.5)
    assert shown().reason in {"code_used", "ok"}, "ok only if the step turned meanwhile"
    assert shown(steps=-3).reason == "stale_code"


def opens_by_pin(door: ListDoor, unit: str, pin: str) -> None:
    """Key the PIN in with its flat; with another flat it is none."""
    assert eventually(lambda: door.key_in(unit, pin).allow, 20, every_s=0.5)
    assert not door.key_in("heyuan-1-102", pin).allow


def test_every_journey_completes_without_a_face(town: Town, doors: list[ListDoor]):
    """The same door, by a code and by a PIN: no consent asked, none recorded (LAW.md P4)."""
    person, door = town.person("housemate"), doors[0]
    unit = town.estate.ids["unit"]
    for kind in ("qr", "pin"):
        answer = person.post("/resident/credentials", {"unit_id": unit, "kind": kind})
        assert answer.status_code == 200, answer.text
        name = answer.json()["credential_id"]
        shown = person.read(f"/resident/credentials/{name}/code")
        if kind == "qr":
            opens_by_code(door, name, shown["token"])
        else:
            opens_by_pin(door, unit, shown["pin"])
        taken = person.post(f"/resident/credentials/{name}/withdraw")
        assert taken.status_code == 200, taken.text
    asked = person.read("/resident/consents")["items"]
    face = next(one for one in asked if one["purpose"] == "face_recognition")
    assert face["consent_id"] is None


def test_a_door_that_was_off_knows_when_it_is_back(town: Town, doors: list[ListDoor]):
    number, door = uuid.uuid4().hex[:14], doors[1]
    made = card(town, number)
    assert eventually(lambda: door.show_card(number).allow, 20, every_s=0.2)
    door.stop()
    path = f"/property/credentials/{made['credential_id']}/withdraw"
    assert town.staff.post(path, {"reason": "门卡遗失"}).status_code == 200
    assert eventually(lambda: not doors[0].show_card(number).allow, 20, every_s=0.2)
    assert door.show_card(number).allow, "offline it goes by its list, until that is over"
    assert receipts(town, made)["completed_at"] is None
    door.start()
    assert eventually(lambda: not door.show_card(number).allow, 20, every_s=0.2)
    assert eventually(lambda: receipts(town, made)["completed_at"], 90, every_s=0.5)

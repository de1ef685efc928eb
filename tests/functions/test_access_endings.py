"""What access has must end: credentials by their day, requests by their time, trails by law."""

from datetime import timedelta

import pytest

from chalicelib.access.public import held_of
from chalicelib.access.rules.credentials import CredentialKind
from chalicelib.access.rules.decisions import Method
from chalicelib.access.rules.desk import TAKEN_FOR, WAITS_FOR
from chalicelib.access.service import answers, calls, credentials, desk, held, opening, ringing
from chalicelib.access.service.credential_rows import Wish
from chalicelib.access.service.forgetting import SOURCES
from chalicelib.access.service.ringing import Ring
from chalicelib.access.tables.credentials import Enrolment
from chalicelib.access.tables.desk import DeskRow
from chalicelib.core import clock
from chalicelib.core.errors import NotFound, Unprocessable
from chalicelib.core.outbox import OutboxRow
from chalicelib.core.table import tables
from chalicelib.identity import public as identity
from chalicelib.identity.events import (
    AccountErased,
    ConsentWithdrawn,
    PersonForgotten,
    ResidencyEnded,
)
from tests.access.conftest import house  # noqa: F401 -- the fixture of the same town
from tests.access.giving import CARD, agreed, face, given, seen
from tests.access.test_desk import request
from tests.access.visitors import ask
from tests.functions.conftest import delivered, woken

TRAILS = ("calls", "openings", "ring_blocks", "ring_times", "access_decisions")
LATER = timedelta(hours=1, minutes=1)


def kept_in(house, short: str) -> list[str]:  # noqa: F811 -- the fixture
    """Return the rows of a table that are this estate's, as they stand in it."""
    rows = (repr(row.serialize()) for row in tables()[short].scan())
    return [row for row in rows if house.community in row]


def names(house, word: str) -> list[str]:  # noqa: F811 -- the fixture
    """Return the tables of trails in whose rows a word stands in clear."""
    return [one for one in TRAILS if any(f"{word}'" in row for row in kept_in(house, one))]


def forgotten(house, person):  # noqa: F811 -- the fixture
    at = clock.now()
    return PersonForgotten(house.community, person, at, at + timedelta(days=15))


def test_a_card_that_is_over_is_withdrawn_and_its_number_free(house):  # noqa: F811 -- the fixture
    made = given(house, until=clock.now() + timedelta(hours=1))
    kept = given(house, number="11112222")
    woken("expire_credentials", {})
    assert seen(house, made.credential_id).state == "ACTIVE"
    with clock.standing_at(clock.now() + LATER):
        assert woken("expire_credentials", {}) >= 1
        states = [seen(house, one.credential_id).state for one in (made, kept)]
        assert states == ["WITHDRAWN", "ACTIVE"]
        assert woken("expire_credentials", {}) == 0
        assert ask(house.gate, CARD, method=Method.CARD).decision == "deny"
        assert given(house, person="per_2").state == "ACTIVE", "the number is nobody's"


def test_what_is_over_counts_for_no_limit(house):  # noqa: F811 -- the fixture
    for number in range(5):
        given(house, number=f"1000200{number}", until=clock.now() + timedelta(hours=1))
    with pytest.raises(Unprocessable, match="too_many_credentials"):
        given(house, number="99990000")
    with clock.standing_at(clock.now() + LATER):
        assert given(house, number="99990000").state == "ACTIVE"


def test_a_face_that_is_over_is_taken_out_of_its_device_and_the_receipt_ends(house):  # noqa: F811 -- the fixture
    agreed(house)
    wish = Wish(
        unit_id="u1",
        kind=CredentialKind.FACE,
        doors=(house.gate.device_id,),
        until=clock.now() + timedelta(hours=1),
    )
    made = credentials.issue_own(house.resident(), wish)
    with clock.standing_at(clock.now() + LATER):
        woken("expire_credentials", {})
    (told,) = Enrolment.of_credential(house.community, made.credential_id)
    assert told.state == "WITHDRAW_SENT"
    assert told.expires is not None, "a receipt is not kept for ever"


def test_a_finger_is_taken_with_its_own_consent_only(house, nothing_failed):  # noqa: F811 -- the fixture
    for _ in range(2):
        with pytest.raises(Unprocessable, match="consent_required"):
            face(house, kind=CredentialKind.FINGERPRINT)
        agreed(house)
    consent_id = agreed(house, purpose=identity.Purpose.FINGERPRINT)
    finger, own_face = face(house, kind=CredentialKind.FINGERPRINT), face(house)
    ended = ConsentWithdrawn(house.community, "per_1", consent_id, "fingerprint", clock.now())
    assert woken("withdraw_credentials", delivered(ended)) == nothing_failed
    states = [seen(house, one.credential_id).state for one in (finger, own_face)]
    assert states == ["WITHDRAWN", "ISSUED"]


def test_staff_start_no_finger_for_a_child(house):  # noqa: F811 -- the fixture
    doors = (house.gate.device_id,)
    with pytest.raises(Unprocessable, match="guardian_required"):
        given(house, CredentialKind.FINGERPRINT, person="kid", doors=doors)


def test_requests_that_nobody_dealt_with_lapse(house):  # noqa: F811 -- the fixture
    waiting, taken = request(house, "a"), request(house, "b")
    guard, start = house.staff(), clock.now()
    with clock.standing_at(start + WAITS_FOR - timedelta(minutes=1)):
        desk.take(guard, taken)
        woken("lapse_desk", {})
        assert _on_desk(house, waiting).state == "WAITING"
    with clock.standing_at(start + WAITS_FOR + timedelta(minutes=1)):
        assert woken("lapse_desk", {}) >= 1
        row = _on_desk(house, waiting)
        assert (row.state, row.outcome) == ("DONE", "lapsed")
        assert row.taken_by is None
        first = desk.desk(guard, limit=10, after=None).items[0]
        assert (first.desk_id, first.state) == (taken, "TAKEN"), "its guard is at it"
    with clock.standing_at(start + WAITS_FOR + TAKEN_FOR):
        assert woken("lapse_desk", {}) >= 1
        assert woken("lapse_desk", {}) == 0
        assert _on_desk(house, taken).outcome == "lapsed"
    told = [row for row in OutboxRow.scan() if row.name == "access.DeskDone"]
    assert len([row for row in told if row.community_id == house.community]) == 2


def test_every_source_of_an_export_is_emptied_when_its_person_is_forgotten():
    by_events_of_their_own = {"pass_courses", "credential_views"}
    keeps = {source.__module__.rpartition(".")[2] for source in held.SOURCES}
    empties = {source.__module__.rpartition(".")[2] for source in SOURCES}
    assert keeps - by_events_of_their_own == empties


def decided(house, person):  # noqa: F811 -- the fixture
    return [row for kind, row in held_of(house.community, person) if kind == "decisions"]


def test_decisions_name_nobody_at_rest_and_are_exported_and_forgotten(house, nothing_failed):  # noqa: F811 -- the fixture
    made = given(house)
    given(house, number="11112222", person="per_2")
    for number in (CARD, "11112222"):
        assert ask(house.gate, number, method=Method.CARD).decision == "allow"
    for word in (made.credential_id, "per_1", "u1"):
        assert not [row for row in kept_in(house, "access_decisions") if word in row]
    assert [one["credential_id"] for one in decided(house, "per_1")] == [made.credential_id]
    at = clock.now()
    erased = AccountErased(house.community, "per_1", ("home",), at, at)
    assert woken("forget_trails", delivered(erased)) == nothing_failed
    assert decided(house, "per_1") == []
    assert len(decided(house, "per_2")) == len(kept_in(house, "access_decisions")) == 1


def test_who_is_forgotten_stands_in_no_call_opening_or_block(house, sent, nothing_failed):  # noqa: F811 -- the fixture
    gate = house.gate.device_id
    key = f"{house.community}/stills/visitor/{'a' * 64}.jpg"
    asked = Ring("u1", house.code(house.gate), "小李", key)
    rung = ringing.ring(house.resident("visitor"), gate, asked)
    answers.open_gate(house.resident(), rung.call_id)
    opening.open_door(house.resident(), gate, "u1", house.code(house.gate))
    ringing.block(house.resident("per_2"), rung.call_id)
    assert (names(house, "visitor"), names(house, "per_1")) == (
        ["calls", "ring_blocks"],
        ["calls", "openings"],
    )
    for who in ("visitor", "per_1"):
        for _ in range(2):
            assert woken("forget_trails", delivered(forgotten(house, who))) == nothing_failed
        assert names(house, who) == []
        assert not [row for row in kept_in(house, "calls") if f"stills/{who}" in row]
        assert dict(held_of(house.community, who)) == {}
    (call,) = calls.calls(house.resident("per_2"))
    assert (call.by_phone, call.answered_by) == (False, None)


def test_who_moves_out_takes_their_calls_and_the_household_its_blocks(house, nothing_failed):  # noqa: F811 -- the fixture
    asked = Ring("u1", house.code(house.gate))
    rung = ringing.ring(house.resident("visitor"), house.gate.device_id, asked)
    ringing.block(house.resident(), rung.call_id)
    identity.move_out(house.community, "u1", "kid")
    for who in ("per_2", "per_1"):
        assert kept_in(house, "ring_blocks"), "while somebody of the household is there"
        identity.move_out(house.community, "u1", who)
        ended = ResidencyEnded(house.community, "u1", who, clock.now(), "family")
        assert woken("forget_trails", delivered(ended, ended)) == nothing_failed
        with pytest.raises(NotFound, match="no_such_call"):
            calls.mine(house.resident(who), rung.call_id)
        assert names(house, who) == []
    assert kept_in(house, "ring_blocks") == []


def _on_desk(house, desk_id: str) -> DeskRow:  # noqa: F811 -- the fixture
    row = DeskRow.of(house.community, desk_id)
    assert row is not None
    return row

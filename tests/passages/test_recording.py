"""Each passage is on record once, at its own time, and says nothing to who has only the table."""

import json
from datetime import datetime, timedelta

import pytest

from chalicelib.access.service.marks import card_index, card_number, mark_key
from chalicelib.access.tables.credentials import Credential, Mark
from chalicelib.core import clock
from chalicelib.passages import public as passages
from chalicelib.passages.rules import patterns
from chalicelib.passages.rules.patterns import Thresholds
from chalicelib.passages.service import seals, traces
from tests.invariants.matrix import planted
from tests.passages.conftest import Estate


def own(estate: Estate, person: str = "per_1") -> list[traces.PassageView]:
    return traces.own(estate.resident(person), None, limit=50, after=None).items


def test_a_card_at_a_gate_is_its_holders_passage(estate: Estate):
    estate.passes(estate.card())
    (one,) = own(estate)
    assert (one.place_id, one.method, one.direction) == ("east", "card", "in")
    assert (one.holder, one.unit_id, one.late) == ("resident", "u1", False)


def test_what_comes_again_is_one_passage(estate: Estate):
    event = estate.passes(estate.card())
    for _ in range(3):
        passages.record(event)
    assert len(own(estate)) == 1


def test_what_was_uploaded_late_stands_at_its_own_time_and_is_marked(estate: Estate):
    cred, now = estate.card(), clock.now()
    estate.passes(cred, at=now)
    estate.passes(cred, at=now - timedelta(hours=30), late=True)
    estate.passes(cred, at=now - timedelta(hours=2), late=True)
    assert [one.late for one in own(estate)] == [False, True, True]
    times = [one.at for one in own(estate)]
    assert times == sorted(times, reverse=True)


def test_a_vendors_own_number_is_nobody_of_ours(estate: Estate):
    passages.record(estate.event({"method": "card", "holder": "17", "card": "0012345678"}))
    assert own(estate) == []
    (row,) = estate.rows()
    assert row.holder == "unknown"
    assert "trail_key" not in row.serialize()
    assert row.mark_key
    assert row.mark_key != seals.mark_key("com_other", "card", "0012345678")


def test_the_table_alone_names_nobody(estate: Estate):
    estate.passes(estate.card())
    passages.record(estate.event({"plate": "粤Z99999", "direction": "in"}, type_="vehicle.passed"))
    told = json.dumps([row.serialize() for row in estate.rows()], default=str, ensure_ascii=False)
    assert "per_1" not in told
    assert "u1" not in told
    assert "粤Z99999" not in told
    assert "cred_" not in told


@pytest.mark.parametrize(("how", "holder"), [("call", "visitor"), ("phone", "resident")])
def test_an_opening_by_a_tap_is_in_the_trail_of_who_tapped(estate: Estate, how, holder):
    event = estate.opened(how)
    passages.record_opening(event)
    passages.record_opening(event)
    (one,) = own(estate)
    assert (one.outcome, one.method, one.holder) == ("opened", how, holder)
    assert own(estate, "per_2") == []


@pytest.mark.parametrize("state", ["FAILED", "UNKNOWN"])
def test_a_door_that_did_not_open_is_no_passage(estate: Estate, state):
    passages.record_opening(estate.opened(state=state))
    assert estate.rows() == []


def test_a_guards_opening_is_in_no_trail(estate: Estate):
    passages.record_opening(estate.opened("desk", by="staff_guard"))
    (row,) = estate.rows()
    assert row.serialize().keys().isdisjoint({"trail_key", "who"})
    assert own(estate, "staff_guard") == []


def test_passages_are_kept_for_ninety_days(estate: Estate):
    estate.passes(estate.card())
    (row,) = estate.rows()
    assert row.expires - row.at / 1000 == pytest.approx(90 * 86_400, abs=1)
    row.expires = 1
    row.save()
    assert own(estate) == []


# -- whose it was then -------------------------------------------------------------------------


def given(estate: Estate, person: str, number: str, *, at: datetime) -> Credential:
    """Give somebody a card of this number from an instant on: its mark is theirs now."""
    row = Credential.of(estate.community, person, estate.card(person))
    assert row is not None
    row.number_index = card_index(estate.community, card_number(number))
    row.issued_at = clock.epoch_ms(at)
    row.save()
    key = mark_key(estate.community, "card", row.number_index)
    earlier = Mark.find(key)
    if earlier is not None:
        earlier.delete()
    planted(
        Mark,
        mark_key=key,
        community_id=estate.community,
        credential_id=row.credential_id,
        person_id=person,
        unit_id="u1",
    ).save()
    return row


def test_a_card_that_changed_hands_credits_nobody_with_what_was_before(estate: Estate):
    now = clock.now()
    given(estate, "per_2", "00A1", at=now - timedelta(hours=1))
    for ago in (3, 0):
        shown = {"method": "card", "card": "00A1"}
        passages.record(estate.event(shown, at=now - timedelta(hours=ago), late=bool(ago)))
    assert [one.late for one in own(estate, "per_2")] == [False]
    assert len({row.mark_key for row in estate.rows()}) == 1, "it is one card"


def test_one_card_in_three_hands_is_one_card_however_the_door_names_it(estate: Estate):
    now = clock.now()
    for person in ("per_1", "per_2", "per_9"):
        card = given(estate, person, "00:A2", at=now - timedelta(hours=1))
        estate.passes(card.credential_id)
    passages.record(estate.event({"method": "card", "card": "00-a2"}))
    rows = estate.rows()
    assert len({row.mark_key for row in rows}) == 1
    known = Thresholds(uses=0, nights=0)
    noticed = patterns.of_card([row.use() for row in rows], known, clock.now())
    assert [one.pattern for one in noticed] == [patterns.Pattern.MANY_SUBJECTS]

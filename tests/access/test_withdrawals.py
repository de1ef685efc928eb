from datetime import timedelta

import pytest

from chalicelib.access.rules.credentials import CredentialKind, CredentialState, OnDevice
from chalicelib.access.service import credential_views as views
from chalicelib.access.service import marks
from chalicelib.access.tables.credentials import Mark
from chalicelib.access.tables.desk import DeskRow
from chalicelib.core import clock
from chalicelib.core.errors import Unprocessable
from chalicelib.devices.service import enrolment
from chalicelib.identity import public as identity
from chalicelib.identity.rules.people import Tie
from tests.access.cabins import Cabin, listening, settle
from tests.access.giving import CARD, agreed, face, given, seen
from tests.functions.conftest import woken

OWED = "withdrawal_overdue"


@pytest.fixture
def cabins(house):
    """The street's gate, the door of the flat's building, and the other building's."""
    return [Cabin(house.community, one) for one in (house.gate, house.door, house.other_door)]


def test_a_withdrawn_card_is_dead_at_every_door_with_a_receipt_from_each(house, cabins):
    gate, door, _ = cabins
    with listening(*cabins):
        made = given(house)
        settle(house.community)
        staff = house.staff(role="property_manager")
        views.withdraw(staff, made.credential_id, "门卡遗失")
        mark = marks.mark_key(house.community, "card", marks.card_index(house.community, CARD))
        assert Mark.find(mark) is None, "dead online within the very transaction"
        told = settle(house.community)
    assert [one.card(CARD).allow for one in (gate, door)] == [False, False]
    assert told[-1] == "access.WithdrawalCompleted"
    after = seen(house, made.credential_id)
    assert after.completed_at is not None
    assert {one.device_id for one in after.enrolled_on} == {gate.id, door.id}
    assert {one.state for one in after.enrolled_on} == {OnDevice.WITHDRAWN}


def test_an_offline_door_is_told_until_it_answers_and_a_guard_is_asked_after_an_hour(house, cabins):
    door = cabins[1]
    with listening(*cabins):
        made = given(house)
        settle(house.community)
        door.online = False
        views.withdraw(house.staff(), made.credential_id, "门卡遗失")
        assert "access.WithdrawalCompleted" not in settle(house.community)
        assert door.card(CARD).allow, "it cannot know yet"
        told, start = [], clock.now()
        for minutes in range(1, 90, 4):
            with clock.standing_at(start + timedelta(minutes=minutes)):
                woken("resend_credentials", {})
                told += settle(house.community)
        assert told.count("access.WithdrawalOverdue") == 1, "said once"
        asked = [one for one in DeskRow.in_order(house.community, limit=9) if one.why == OWED]
        assert [one.subject for one in asked] == [made.credential_id]
        door.online = True
        with clock.standing_at(start + timedelta(minutes=120)):
            woken("resend_credentials", {})
            assert settle(house.community) == ["access.WithdrawalCompleted"]
    assert not door.card(CARD).allow


def test_without_any_word_a_door_forgets_its_list_when_its_life_ends(house, cabins):
    gate = cabins[0]
    with listening(*cabins):
        given(house)
        settle(house.community)
    assert gate.card(CARD, later_s=24 * 3600 - 5).allow
    assert gate.card(CARD, later_s=24 * 3600 + 5).reason == "list_over"


def test_moving_out_takes_everything_for_that_flat_and_nothing_of_others(house, cabins):
    with listening(*cabins):
        agreed(house)
        mine = [
            given(house),
            face(house),
            given(house, CredentialKind.QR),
            given(house, CredentialKind.PIN),
        ]
        kept = given(house, person="per_2", number="11112222")
        identity.move_in(house.community, "u2", "per_1", Tie.OWNER)
        elsewhere = given(house, unit="u2", number="33334444")
        settle(house.community)
        assert cabins[0].body(mine[1].credential_id).allow
        for leaving in ("kid", "per_1"):
            identity.move_out(house.community, "u1", leaving)
        settle(house.community)
        for one in mine:
            after = seen(house, one.credential_id)
            assert after.state is CredentialState.WITHDRAWN
            assert after.completed_at is not None
        assert not cabins[0].body(mine[1].credential_id).allow
        assert cabins[0].bodies == {}
        assert cabins[0].card("11112222").holder == kept.credential_id
        assert cabins[0].card("33334444").holder == elsewhere.credential_id


def test_late_and_foreign_receipts_change_nothing(house, cabins):
    gate, door, _ = cabins
    with listening(*cabins):
        agreed(house)
        made = face(house, "per_1", house.gate.device_id)
        settle(house.community)
        gate.online = False
        views.withdraw_own(house.resident(), made.credential_id)
        settle(house.community)
        gate.say("credential.enrolled", credential_id=made.credential_id)
        door.say("credential.withdrawn", credential_id=made.credential_id)
        gate.say("access.list_applied", version=10**6)
        for odd in ({}, {"credential_id": 7}, {"credential_id": "cred_none"}):
            gate.say("credential.withdrawn", **odd)
    after = seen(house, made.credential_id)
    assert [one.state for one in after.enrolled_on] == [OnDevice.WITHDRAW_SENT]
    assert after.completed_at is None


def test_a_person_vouches_for_a_device_that_is_scrap(house, cabins):
    with listening(*cabins):
        agreed(house)
        made = face(house, "per_1", house.gate.device_id)
        settle(house.community)
        cabins[0].online = False
        views.withdraw_own(house.resident(), made.credential_id)
        settle(house.community)
    staff = house.staff(role="property_manager")
    after = views.confirm(staff, made.credential_id, house.gate.device_id, "设备已销毁")
    assert after.completed_at is not None
    with pytest.raises(Unprocessable, match="nothing_awaited"):
        views.confirm(staff, made.credential_id, house.gate.device_id, "设备已销毁")


def test_a_retired_door_leaves_the_rest_alone(house, cabins):
    with listening(*cabins):
        made = given(house)
        settle(house.community)
        enrolment.retire(house.community, house.door.device_id, by="per_m")
        views.withdraw(house.staff(), made.credential_id, "门卡遗失")
        settle(house.community)
    assert not cabins[0].card(CARD).allow
    assert seen(house, made.credential_id).completed_at is not None


def test_a_door_whose_receipt_was_lost_still_owes_one_for_what_it_holds(house, cabins):
    gate = cabins[0]
    with listening(*cabins):
        gate.mute = True  # it fetches the card, and its receipt of that never comes
        made = given(house)
        settle(house.community)
        gate.online = False
        views.withdraw(house.staff(), made.credential_id, "门卡遗失")
        settle(house.community)
        assert gate.card(CARD).allow
        assert seen(house, made.credential_id).completed_at is None


def test_an_answer_that_was_lost_is_no_receipt(house, cabins):
    gate = cabins[0]
    with listening(*cabins):
        made = given(house)
        settle(house.community)
        gate.online = False
        views.withdraw(house.staff(), made.credential_id, "门卡遗失")
        settle(house.community)
        gate.answer(gate.held.version)  # fetched without the card, and lost on its way
        with clock.standing_at(clock.now() + timedelta(minutes=5)):
            woken("resend_credentials", {})
            settle(house.community)
        assert seen(house, made.credential_id).completed_at is None
        gate.online = True
        with clock.standing_at(clock.now() + timedelta(minutes=30)):
            woken("resend_credentials", {})
            settle(house.community)
    assert seen(house, made.credential_id).completed_at is not None


def test_a_late_receipt_of_an_older_list_stops_nobody_from_telling_again(house, cabins):
    gate = cabins[0]
    with listening(*cabins):
        gate.mute = True
        given(house)
        settle(house.community)
        older = gate.held.version
        gate.online = False
        given(house, number="55556666")
        settle(house.community)
        gate.mute = False
        gate.say("access.list_applied", version=older)
        gate.online = True
        with clock.standing_at(clock.now() + timedelta(minutes=5)):
            woken("resend_credentials", {})
    assert gate.card("55556666").allow

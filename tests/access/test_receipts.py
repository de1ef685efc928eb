"""What devices have, and say that they have: believed, told again, taken back."""

from datetime import timedelta

import pytest

from chalicelib.access.rules.credentials import OnDevice
from chalicelib.access.service import credential_views as views
from chalicelib.access.tables.credentials import Enrolment
from chalicelib.access.tables.desk import DeskRow
from chalicelib.core import clock
from chalicelib.core.errors import Unprocessable
from chalicelib.devices.rules.catalogue import NOT_BY_HAND
from chalicelib.devices.service import commands, enrolment
from chalicelib.identity import public as identity
from chalicelib.identity.service import consent
from tests.access.cabins import Cabin, listening, settle
from tests.access.giving import CARD, agreed, face, given, seen
from tests.functions.conftest import woken


@pytest.fixture
def gate(house):
    return Cabin(house.community, house.gate)


@pytest.fixture
def door(house):
    return Cabin(house.community, house.door)


@pytest.mark.parametrize("op", sorted(NOT_BY_HAND))
def test_no_member_of_staff_puts_a_face_into_a_door_by_hand(house, op):
    args = {"credential_id": "cred_x", "kind": "face"}
    with pytest.raises(Unprocessable, match="not_by_hand"):
        commands.order(house.staff(), house.gate.device_id, op, args, "试一下")
    assert commands.commands(house.staff(), house.gate.device_id, limit=9, after=None).items == []


def test_a_face_that_nobody_asked_for_is_taken_back_and_a_guard_asked(house, gate):
    gate.bodies["cred_stray"] = "face"
    with listening(gate):
        gate.say("credential.enrolled", credential_id="cred_stray")
    assert gate.bodies == {}
    (asked,) = DeskRow.in_order(house.community, limit=9)
    assert asked.why == "unknown_credential"


def test_a_face_taken_after_its_withdrawal_is_withdrawn_again(house, gate):
    with listening(gate):
        agreed(house)
        made = face(house, "per_1", house.gate.device_id)
        settle(house.community)
        views.withdraw_own(house.resident(), made.credential_id)
        settle(house.community)
        assert seen(house, made.credential_id).completed_at is not None
        gate.online = False
        gate.bodies[made.credential_id] = "face"  # it took it late
        gate.say("credential.enrolled", credential_id=made.credential_id)
        after = seen(house, made.credential_id)
        assert after.completed_at is None
        assert [one.state for one in after.enrolled_on] == [OnDevice.WITHDRAW_SENT]
        gate.online = True
        with clock.standing_at(clock.now() + timedelta(minutes=20)):
            woken("resend_credentials", {})
            settle(house.community)
    assert gate.bodies == {}
    assert seen(house, made.credential_id).completed_at is not None


def test_a_face_whose_consent_is_gone_says_so_and_not_that_it_timed_out(house, gate):
    gate.online = False
    with listening(gate):
        agreed_to = agreed(house)
        made = face(house, "per_1", house.gate.device_id)
        settle(house.community)
        consent.withdraw(house.resident(), agreed_to)
        with clock.standing_at(clock.now() + timedelta(minutes=5)):
            woken("resend_credentials", {})
    (row,) = Enrolment.of_credential(house.community, made.credential_id)
    assert (row.state, row.reason) == (OnDevice.ENROL_FAILED, "consent_missing")


def test_a_retired_device_is_told_no_more_once_a_guard_was_asked(house, gate):
    with listening(gate):
        agreed(house)
        made = face(house, "per_1", house.gate.device_id)
        settle(house.community)
        gate.online = False
        enrolment.retire(house.community, house.gate.device_id, by="per_m")
        views.withdraw_own(house.resident(), made.credential_id)
        settle(house.community)
        start = clock.now()
        for minutes in (30, 90, 120):
            with clock.standing_at(start + timedelta(minutes=minutes)):
                woken("resend_credentials", {})
    (row,) = Enrolment.of_credential(house.community, made.credential_id)
    assert row.overdue_at
    assert row.due_at is None
    assert row.shard is None
    assert row.is_awaited, "until somebody vouches for it"
    staff = house.staff(role="property_manager")
    after = views.confirm(staff, made.credential_id, house.gate.device_id, "设备已销毁")
    assert after.completed_at is not None


def test_a_door_that_was_moved_owes_the_card_that_it_still_holds(house, door):
    with listening(door):
        made = given(house)
        settle(house.community)
        assert door.card(CARD).allow
        node = identity.paths_of(house.community, [("2号楼", "", "")])["2号楼", "", ""]
        spot = enrolment.Spot("2号楼", node, new_place=True)
        staff = house.staff(role="property_manager")
        door.online = False
        enrolment.place(staff, house.door.device_id, "2号楼门", spot=spot)
        views.withdraw(house.staff(), made.credential_id, "门卡遗失")
        settle(house.community)
        assert door.card(CARD).allow, "it has heard nothing yet"
        assert seen(house, made.credential_id).completed_at is None
        door.online = True
        with clock.standing_at(clock.now() + timedelta(minutes=5)):
            woken("resend_credentials", {})
            settle(house.community)
    assert not door.card(CARD).allow
    assert seen(house, made.credential_id).completed_at is not None


def test_many_changes_at_once_tell_a_door_once(house, gate):
    gate.online = False
    with listening(gate):
        for n in range(5):
            given(house, person="per_1" if n % 2 else "per_2", number=f"0000111{n}")
        settle(house.community)
        told = commands.commands(house.staff(), house.gate.device_id, limit=50, after=None).items
        assert [one.op for one in told] == ["access.sync"]
        gate.online = True
        with clock.standing_at(clock.now() + timedelta(minutes=2)):
            woken("resend_credentials", {})
    assert len(gate.held.entries) == 5


def test_a_change_after_a_fetch_tells_the_door_again(house, gate):
    with listening(gate):
        for n in range(3):
            given(house, number=f"0000111{n}")
            settle(house.community)
    assert gate.told == ["access.sync"] * 3
    assert len(gate.held.entries) == 3

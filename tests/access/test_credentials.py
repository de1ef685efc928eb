import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from chalicelib.access import public as access
from chalicelib.access.rules.credentials import CredentialKind, CredentialState, OnDevice
from chalicelib.access.service import credential_views as views
from chalicelib.access.service import credentials
from chalicelib.access.service.credential_rows import Wish
from chalicelib.access.tables.credentials import Credential, Mark
from chalicelib.core import clock
from chalicelib.core.errors import Conflict, NotFound, Refusal, Unprocessable
from chalicelib.core.table import tenant_key
from chalicelib.identity import public as identity
from chalicelib.identity.service import consent
from tests.access.cabins import Cabin, events, listening, settle
from tests.access.giving import CARD, agreed, face, given, seen
from tests.functions.conftest import woken


@pytest.fixture
def cabins(house):
    """The street's gate, the door of the flat's building, and the other building's."""
    return [Cabin(house.community, one) for one in (house.gate, house.door, house.other_door)]


def test_a_card_opens_the_doors_that_reach_its_flat_and_no_others(house, cabins):
    gate, door, other = cabins
    with listening(*cabins):
        made = given(house)
        settle(house.community)
        assert [one.card(CARD).allow for one in cabins] == [True, True, False]
        assert gate.card("04:a2-2b 91").holder == made.credential_id, "spelt otherwise"
        assert door.card("04A22B92").reason == "unknown_card"
        on = {one.device_id: one.state for one in seen(house, made.credential_id).enrolled_on}
        assert on == {gate.id: OnDevice.ENROLLED, door.id: OnDevice.ENROLLED}
    assert other.told == []


def test_a_face_needs_consent_and_goes_with_it_while_the_card_stays(house, cabins):
    with pytest.raises(Unprocessable, match="consent_required"):
        face(house)
    with listening(*cabins):
        consent_id = agreed(house)
        made = face(house)
        assert made.state is CredentialState.ISSUED
        card = given(house)
        settle(house.community)
        assert seen(house, made.credential_id).state is CredentialState.ACTIVE
        assert [one.body(made.credential_id).allow for one in cabins] == [True, True, False]
        consent.withdraw(house.resident(), consent_id)
        told = settle(house.community)
        assert "access.WithdrawalCompleted" in told
        assert [one.bodies for one in cabins] == [{}, {}, {}]
        assert seen(house, card.credential_id).state is CredentialState.ACTIVE
        assert cabins[0].card(CARD).allow
        with pytest.raises(Unprocessable, match="consent_required"):
            face(house)


def test_an_enrolment_that_waits_is_not_asked_for_any_more_without_consent(house, cabins):
    gate = cabins[0]
    with listening(*cabins):
        consent_id = agreed(house)
        gate.online = False
        made = face(house, "per_1", house.gate.device_id)
        settle(house.community)
        consent.withdraw(house.resident(), consent_id)  # and its reaction is late
        gate.online = True
        with clock.standing_at(clock.now() + timedelta(minutes=5)):
            woken("resend_credentials", {})
    assert gate.bodies == {}, "nothing is taken without consent, however late its end is heard"
    assert "credential.enrol" not in gate.told
    assert seen(house, made.credential_id).enrolled_on[0].state is OnDevice.ENROL_FAILED


def test_a_childs_face_is_its_guardians_to_give(house, cabins):
    agreed(house, "per_1", child="kid")
    with listening(*cabins):
        made = face(house, "per_1", house.gate.device_id, child="kid")
        settle(house.community)
    assert cabins[0].bodies == {made.credential_id: "face"}
    for stranger in ("per_2", "per_9"):
        with pytest.raises(NotFound, match="no_such_person"):
            face(house, stranger, house.gate.device_id, child="kid")
    with pytest.raises(Unprocessable, match="guardian_required"):
        face(house, "kid", house.gate.device_id)


@pytest.mark.parametrize(
    "kind", [CredentialKind.CARD, CredentialKind.QR, CredentialKind.PIN, CredentialKind.PHONE]
)
def test_nothing_but_a_face_needs_consent(house, kind):
    assert given(house, kind).state is CredentialState.ACTIVE


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"kind": CredentialKind.CARD, "number": ""}, "card_number_required"),
        ({"kind": CredentialKind.CARD, "number": "12"}, "bad_card_number"),
        ({"kind": CredentialKind.CARD, "number": "9" * 41}, "bad_card_number"),
        ({"kind": CredentialKind.CARD, "number": "粤B12345"}, "bad_card_number"),
        ({"kind": CredentialKind.QR, "number": "12345678"}, "card_number_only_for_cards"),
        ({"kind": CredentialKind.FINGERPRINT}, "doors_required"),
        ({"kind": CredentialKind.FINGERPRINT, "doors": ("dev_none",)}, "door_out_of_reach"),
        ({"kind": CredentialKind.QR, "unit_id": "u2"}, "no_such_residency"),
        ({"kind": CredentialKind.QR, "unit_id": "nowhere"}, "no_such_unit"),
        ({"kind": CredentialKind.QR, "person_id": "per_none"}, "no_such_residency"),
    ],
)
def test_what_may_not_be_given_is_refused(house, wish, code):
    asked = Wish(**{"unit_id": "u1", "person_id": "per_1", **wish})
    with pytest.raises(Refusal, match=code):
        credentials.issue(house.staff(role="property_manager"), asked)
    assert views.own(house.resident(), None).items == []


def test_doors_of_other_buildings_and_lapsed_ends_are_refused(house):
    with pytest.raises(Unprocessable, match="door_out_of_reach"):
        given(house, CredentialKind.FINGERPRINT, doors=(house.other_door.device_id,))
    with pytest.raises(Unprocessable, match="until_is_past"):
        given(house, CredentialKind.QR, until=clock.now())
    wish = Wish("u1", CredentialKind.CARD, number=CARD)
    with pytest.raises(Unprocessable, match="by_property_only"):
        credentials.issue_own(house.resident(), wish)


def test_a_card_is_one_persons_and_free_again_when_withdrawn(house):
    first = given(house)
    with pytest.raises(Conflict, match="card_taken"):
        given(house, person="per_2", number="04a2-2b91")
    views.withdraw(house.staff(), first.credential_id, "换发")
    assert given(house, person="per_2").state is CredentialState.ACTIVE


def test_ten_cards_given_at_once_are_ten_versions_of_the_list(house):
    def give(number: int) -> str:
        for _ in range(10):  # a phone that is told of a race asks again
            try:
                made = given(house, number=f"AA{number:06d}", person=people[number])
                return str(made.credential_id)
            except Conflict as raced:
                if raced.code != "lost_race":
                    raise
        raise AssertionError("never")

    people = ["per_1"] * 5 + ["per_2"] * 5
    with ThreadPoolExecutor(5) as pool:
        made = list(pool.map(give, range(10)))
    cabin = Cabin(house.community, house.gate)
    cabin.fetch()
    assert cabin.held.version == 10
    assert set(cabin.held.entries) == set(made)


def test_staff_of_one_building_meet_no_other_buildings_credentials(house):
    made = given(house, person="per_9", unit="u2")
    path = identity.paths_of(house.community, [("1号楼", "", "")])["1号楼", "", ""]
    clerk = house.staff(role="property_clerk", node_path=path)
    with pytest.raises(NotFound, match="no_such_credential"):
        views.withdraw(clerk, made.credential_id, "门卡遗失")
    with pytest.raises(NotFound, match="no_such_unit"):
        credentials.issue(clerk, Wish("u2", CredentialKind.QR, person_id="per_9"))


def test_nobody_elses_credential_exists(house):
    made = given(house)
    for stranger in (
        house.resident("per_2"),
        house.resident("per_9"),
        house.resident(community="com_x"),
    ):
        with pytest.raises(NotFound, match="no_such_credential"):
            views.withdraw_own(stranger, made.credential_id)
        with pytest.raises(NotFound, match="no_such_credential"):
            views.code(stranger, made.credential_id)


def test_a_card_number_is_nowhere_to_be_read(house):
    number = "0412345678AB"
    made = given(house, number=number)
    row = Credential.find(tenant_key(house.community, "per_1"), made.credential_id)
    assert row is not None
    mark_rows = [one.serialize() for one in Mark.scan() if one.community_id == house.community]
    told = [one.body for one in events(house.community)]
    kept = json.dumps([row.serialize(), mark_rows, told], default=str)
    assert number not in kept
    assert made.last4 == "78AB"


def test_what_showed_it_is_forgotten_with_a_withdrawal(house):
    made = given(house, CredentialKind.QR)
    assert views.code(house.resident(), made.credential_id).token is not None
    views.withdraw_own(house.resident(), made.credential_id)
    row = Credential.find(tenant_key(house.community, "per_1"), made.credential_id)
    assert row is not None
    assert row.secret is None
    assert row.number_index is None
    assert row.pin_hash is None
    with pytest.raises(NotFound, match="no_such_credential"):
        views.code(house.resident(), made.credential_id)


def test_an_export_has_ones_credentials_and_nothing_that_opens(house):
    made = given(house, CredentialKind.PHONE)
    ((kind, row),) = access.held_of(house.community, "per_1")
    assert (kind, row["credential_id"]) == ("credentials", made.credential_id)
    assert not {"secret", "qr_key", "number_index", "pin_hash"} & row.keys()
    assert list(access.held_of(house.community, "per_2")) == []


def test_a_burst_of_issues_does_not_pass_the_limit(house):
    def one(number: int) -> str:
        try:
            return str(given(house, number=f"7000800{number}").state)
        except Refusal as refusal:
            return refusal.code

    with ThreadPoolExecutor(9) as pool:
        told = list(pool.map(one, range(9)))
    assert told.count("ACTIVE") <= 5
    assert set(told) <= {"ACTIVE", "too_many_credentials", "lost_race"}
    live = [row for row in Credential.query(f"{house.community}#per_1") if row.state == "ACTIVE"]
    assert len(live) == told.count("ACTIVE")


def test_a_bad_number_tells_not_who_lives_where(house):
    for person in ("per_1", "per_9", "nobody"):
        with pytest.raises(Unprocessable, match="bad_card_number"):
            given(house, number="!", person=person)


def test_a_clerk_is_shown_no_credential_of_a_child(house):
    given(house)
    given(house, CredentialKind.QR, person="kid")

    def shown(role: str) -> set[str]:
        why = {"purpose": "核对门卡", "ticket": "WO-1"}
        page = views.at_unit(house.staff(role=role), "u1", limit=9, after=None, **why)
        return {one.person_id for one in page.items}

    assert shown("property_clerk") == {"per_1"}
    assert shown("property_manager") == {"per_1", "kid"}

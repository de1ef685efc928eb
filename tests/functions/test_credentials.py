"""The reactions of credentials: each fact heard again, late or out of order, changes nothing."""

import json

from chalicelib.access.rules.credentials import CredentialKind
from chalicelib.access.service import credential_views, credentials
from chalicelib.access.service.credential_rows import Wish
from chalicelib.core import clock
from chalicelib.identity import public as identity
from chalicelib.identity.events import AccountErased, PersonForgotten, ResidencyEnded
from chalicelib.identity.rules.people import Tie
from tests.access.cabins import Cabin, events, fact_of, listening, settle
from tests.access.conftest import house  # noqa: F401 -- the fixture of the same town
from tests.functions.conftest import delivered, imagined, kept, woken

MANAGER = {"role": "property_manager"}


def given(house, number="04A22B91", person="per_1"):  # noqa: F811 -- the fixture
    wish = Wish("u1", CredentialKind.CARD, person_id=person, number=number)
    return credentials.issue(house.staff(**MANAGER), wish)


def test_every_fact_of_a_card_heard_again_changes_nothing(house, nothing_failed):  # noqa: F811 -- the fixture
    gate = Cabin(house.community, house.gate)
    with listening(gate):
        made = given(house)
        heard = [(row.name, fact_of(row)) for row in events(house.community)]
        settle(house.community)
        credential_views.withdraw(house.staff(**MANAGER), made.credential_id, "遗失")
        heard += [(row.name, fact_of(row)) for row in events(house.community)]
        settle(house.community)
        before = kept("access")
        names = {
            "access.AllowListChanged": "push_lists",
            "access.CredentialIssued": "enrol_credentials",
            "access.CredentialWithdrawn": "recall_credentials",
        }
        again = [(names[name], fact) for name, fact in reversed(heard) if name in names]
        assert len(again) == 4, "two changes of the list, an issue, a withdrawal"
        for name, fact in again:
            assert woken(name, delivered(fact, fact)) == nothing_failed
        applied = gate.said("access.list_applied", version=1)
        assert woken("hear_receipts", delivered(applied, applied)) == nothing_failed
        assert kept("access") == before


def test_a_move_out_heard_late_takes_nothing_of_a_later_stay(house, nothing_failed):  # noqa: F811 -- the fixture
    first = given(house, person="per_2")
    identity.move_out(house.community, "u1", "per_2")
    (ended,) = [
        fact_of(row) for row in events(house.community) if row.name == "identity.ResidencyEnded"
    ]
    assert isinstance(ended, ResidencyEnded)
    identity.move_in(house.community, "u1", "per_2", Tie.OWNER)
    later = given(house, number="99998888", person="per_2")
    assert woken("withdraw_credentials", delivered(ended, ended)) == nothing_failed
    staff = house.staff(**MANAGER)
    states = [credential_views.receipts(staff, one.credential_id).state for one in (first, later)]
    assert states == ["WITHDRAWN", "ACTIVE"]


def test_who_is_forgotten_keeps_nothing_and_who_erases_an_account_keeps_the_card(
    house,  # noqa: F811 -- the fixture
    nothing_failed,
):
    made = given(house)
    at = clock.now()
    erased = imagined(
        AccountErased, community_id=house.community, person_id="per_1", erased_at=at, due_at=at
    )
    assert woken("withdraw_credentials", delivered(erased)) == nothing_failed
    staff = house.staff(**MANAGER)
    assert credential_views.receipts(staff, made.credential_id).state == "ACTIVE"
    forgotten = imagined(
        PersonForgotten, community_id=house.community, person_id="per_1", forgotten_at=at
    )
    for _ in range(2):
        assert woken("withdraw_credentials", delivered(forgotten)) == nothing_failed
    shown = credential_views.receipts(staff, made.credential_id)
    assert (shown.state, shown.last4) == ("WITHDRAWN", None)
    assert "2B91" not in json.dumps(kept("access")["credentials"])

"""A child has a guardian until 14, and nobody else is made another one's ward (PIPL 31)."""

from datetime import UTC, date, datetime

import pytest

from chalicelib.core import clock, outbox
from chalicelib.core.errors import Forbidden, NotFound, Unprocessable
from chalicelib.identity import public as identity
from chalicelib.identity.rules import people as rules
from chalicelib.identity.rules.people import Decider, Tie
from chalicelib.identity.service import bindings, guardians, moves, people, records, wishes
from chalicelib.identity.service.wishes import Wish
from tests.identity.residents import resident, staff
from tests.invariants.store import in_memory

AT = datetime(2026, 11, 21, 4, tzinfo=UTC)
YOUNG, GROWN = date(2015, 5, 1), date(1990, 5, 1)
KID_ID, ADULT_ID = "110105201505010010", "11010519491231002X"


@pytest.fixture
def memory(community):
    with in_memory() as made, clock.standing_at(AT):
        identity.found_community(community, "和苑")
        identity.add_unit(community, "u1", "101")
        for person in ("owner", "other"):
            identity.register_person(community, name=person, person_id=person)
            identity.move_in(community, "u1", person, Tie.OWNER)
        yield made


def known(community: str, *, id_number: str = "", account: str | None = None) -> str:
    person_id = identity.register_person(community, name="小明", id_number=id_number)
    person = people.person_of(community, person_id)
    person.account_key = account
    outbox.commit(person)
    return person_id


@pytest.mark.parametrize(
    ("born", "decider", "alone", "code"),
    [
        (YOUNG, Decider.OWNER, True, None),
        (YOUNG, Decider.PROPERTY, False, None),
        (GROWN, Decider.PROPERTY, False, "not_a_child"),
        (date(2012, 11, 21), Decider.PROPERTY, False, "not_a_child"),
        (date(2012, 11, 22), Decider.PROPERTY, False, None),
        (None, Decider.PROPERTY, False, None),
        (None, Decider.PROPERTY, True, "not_a_child"),
        (None, Decider.OWNER, False, "property_decides"),
    ],
)
def test_who_may_be_made_a_ward(born, decider, alone, code):
    assert rules.child_refusal(born, date(2026, 11, 21), decider, acts_alone=alone) == code


def test_no_adult_is_made_a_ward_by_the_company(memory, community):
    identity.add_unit(community, "u2", "102")
    identity.move_in(community, "u2", "owner", Tie.FAMILY)
    for victim in (
        known(community, id_number=ADULT_ID),
        known(community, account="some-wechat"),
        "other",  # owns a flat
    ):
        with pytest.raises(Unprocessable, match="not_a_child"):
            moves.move_in(community, "u2", victim, Tie.CHILD, guardian_id="owner")
    assert [tie.person_id for tie in people.residencies(community, "u2")] == ["owner"]


def test_no_adult_is_wished_for_as_a_ward(memory, community):
    victim = known(community, id_number=ADULT_ID)
    with pytest.raises(Unprocessable, match="not_a_child"):
        wishes.request(resident(community, "owner"), Wish("u1", Tie.CHILD, for_person=victim))


def test_of_unknown_age_is_for_the_company_and_not_for_a_co_owner(memory, community):
    kid = known(community)
    wish = wishes.request(resident(community, "owner"), Wish("u1", Tie.CHILD, for_person=kid))
    with pytest.raises(Forbidden, match="property_decides"):
        bindings.decide_as_owner(resident(community, "other"), wish.binding_id, approve=True)
    assert people.tie_of(community, "u1", kid) is None
    bindings.decide_as_property(staff(community), wish.binding_id, approve=True)
    assert guardians.subject(resident(community, "owner"), kid) == kid


def test_a_co_owner_approves_a_child_whose_age_is_known(memory, community):
    kid = known(community, id_number=KID_ID)
    wish = wishes.request(resident(community, "owner"), Wish("u1", Tie.CHILD, for_person=kid))
    bindings.decide_as_owner(resident(community, "other"), wish.binding_id, approve=True)
    assert guardians.wards(community, "owner") == [kid]


def test_a_ward_grows_up(memory, community):
    kid = known(community, id_number=KID_ID)
    moves.move_in(community, "u1", kid, Tie.CHILD, guardian_id="owner")
    assert guardians.is_ward(community, kid)
    with clock.standing_at(datetime(2029, 4, 30, 15, 59, tzinfo=UTC)):
        assert guardians.wards(community, "owner") == [kid]
    with clock.standing_at(datetime(2029, 4, 30, 16, tzinfo=UTC)):  # the birthday, in China
        assert guardians.wards(community, "owner") == []
        assert guardians.subject(resident(community, kid), None, deciding=True) == kid
        with pytest.raises(NotFound, match="no_such_person"):
            guardians.subject(resident(community, "owner"), kid)


def test_the_company_may_tell_a_birthday(memory, community):
    kid = known(community)
    moves.move_in(community, "u1", kid, Tie.CHILD, guardian_id="owner")
    records.correct(staff(community), kid, records.Correction(born=date(2011, 1, 1)))
    assert not guardians.is_ward(community, kid)
    assert people.born(people.person_of(community, kid)) == date(2011, 1, 1)
    assert b"2011" not in bytes(people.person_of(community, kid).born)

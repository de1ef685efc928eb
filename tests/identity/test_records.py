"""What the company keeps of a person is right: one number, one person; and corrected (PIPL 46)."""

import json

import pytest

from chalicelib.core import sealing
from chalicelib.core.errors import Conflict, NotFound, Unprocessable
from chalicelib.identity import public as identity
from chalicelib.identity.rules.people import Tie
from chalicelib.identity.service import people, records
from chalicelib.identity.service.records import Correction
from tests.identity.residents import staff
from tests.invariants.store import in_memory

OLD, NEW, TAKEN = "13800000001", "13900000002", "13700000003"


@pytest.fixture
def memory():
    with in_memory() as made:
        yield made


@pytest.fixture
def person(memory, community):
    return records.register(staff(community), name="林小", phone=OLD, id_number="").person_id


def whose(number: str) -> list[str]:
    return [claim.person_id for claim in people.persons_by_phone(sealing.index("phone", number))]


def test_two_clerks_make_no_twins(memory, community):
    """Both looked before either wrote: the second writes nothing."""

    def meanwhile(operation, asked):
        if operation == "TransactWriteItems" and not raced:
            raced.append(1)
            records.register(staff(community), name="林二", phone=OLD, id_number="")

    raced: list[int] = []
    memory.before = meanwhile
    with pytest.raises(Conflict, match="lost_race"):
        records.register(staff(community), name="林一", phone=OLD, id_number="")
    assert len(memory.rows("people")) == len(memory.rows("phones")) == 1


def test_a_number_that_is_taken_is_told(person, community):
    with pytest.raises(Conflict, match="phone_taken"):
        records.register(staff(community), name="林二", phone=OLD, id_number="")
    records.register(staff("com_other"), name="林二", phone=OLD, id_number="")
    assert sorted(whose(OLD)) != [person]


def test_a_correction_is_made_and_announced(memory, person, community):
    correction = Correction(name="林晓", phone=NEW, id_number="11010519491231002x")
    done = records.correct(staff(community), person, correction)
    assert done.fields == ["id_number", "name", "phone"]
    row = people.person_of(community, person)
    assert [people.opened(row, field) for field in ("name", "phone", "id_number", "born")] == [
        "林晓", NEW, "11010519491231002X", "1949-12-31",
    ]  # fmt: skip
    assert (whose(OLD), whose(NEW)) == ([], [person])
    (told,) = memory.rows("outbox")
    fact = json.loads(told["body"]["S"])
    assert (fact["fields"], "林晓" in told["body"]["S"]) == (["id_number", "name", "phone"], False)


def test_a_number_may_be_taken_out_and_given_to_somebody_else(person, community):
    records.correct(staff(community), person, Correction(phone=""))
    other = records.register(staff(community), name="周敏", phone=OLD, id_number="").person_id
    assert whose(OLD) == [other]
    records.correct(staff(community), person, Correction(phone=""))
    assert whose(OLD) == [other]


@pytest.mark.parametrize(
    ("correction", "code"),
    [
        (Correction(), "nothing_to_correct"),
        (Correction(id_number="110105194912310021"), "bad_id_number"),
        (Correction(phone=TAKEN), "phone_taken"),
    ],
)
def test_a_correction_that_is_none_changes_nothing(memory, person, community, correction, code):
    records.register(staff(community), name="周敏", phone=TAKEN, id_number="")
    before = memory.rows("people")
    with pytest.raises((Unprocessable, Conflict), match=code):
        records.correct(staff(community), person, correction)
    assert memory.rows("people") == before
    with pytest.raises(NotFound, match="no_such_person"):
        records.correct(staff("com_other"), person, Correction(name="x"))


def test_who_finds_a_home_is_not_forgotten(person, community):
    assert people.person_of(community, person).forget_at is not None
    identity.found_community(community, "和苑")
    identity.add_unit(community, "u1", "101")
    identity.move_in(community, "u1", person, Tie.OWNER)
    assert people.person_of(community, person).forget_at is None


def test_a_correction_over_http(cloud, community, http, sign):
    clerk = sign(community, "clerk", audience="property", roles=["property_clerk"])
    person = identity.register_person(community, name="林小")
    path = f"/property/people/{person}/correct"
    assert http("POST", path, {"name": "林晓"}, token=clerk).body["fields"] == ["name"]
    for wrong in ({"phone": "12"}, {"born": "yesterday"}, {"name": ""}, {"account_key": "x"}):
        assert http("POST", path, wrong, token=clerk).code == "invalid_request"

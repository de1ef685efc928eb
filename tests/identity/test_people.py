import dataclasses
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest

from chalicelib.core import aws, clock, sealing
from chalicelib.core.auth import Caller
from chalicelib.core.config import settings
from chalicelib.core.errors import Conflict, Forbidden, NotFound, Refusal, Unprocessable
from chalicelib.core.outbox import OutboxRow
from chalicelib.core.revocations import Revocation
from chalicelib.core.table import tenant_key
from chalicelib.identity import public as identity
from chalicelib.identity.rules import people as rules
from chalicelib.identity.rules.people import Decider, Tie
from chalicelib.identity.service import bindings, homes, moves, people, wishes
from chalicelib.identity.service.wishes import Wish


@dataclasses.dataclass
class Flat:
    community: str

    def resident(self, person: str = "owner") -> Caller:
        return Caller(person, self.community, "resident", ("resident",), 2**40)

    def staff(self, person: str = "clerk", community: str = "") -> Caller:
        tenant = community or self.community
        return Caller(person, tenant, "property", ("property_clerk",), 2**40)

    def ties(self) -> dict[str, str]:
        return {tie.person_id: tie.tie for tie in people.residencies(self.community, "u1")}

    def asked(self, person: str = "new", tie: Tie = Tie.FAMILY, **wish: str) -> str:
        self.known(person)
        return wishes.request(self.resident(person), Wish("u1", tie, **wish)).binding_id

    def known(self, person: str) -> None:
        if people.find_person(self.community, person) is None:
            identity.register_person(self.community, name=person, person_id=person)

    def announced(self, name: str) -> list[OutboxRow]:
        return [
            row
            for row in OutboxRow.scan()
            if (row.community_id, row.name) == (self.community, f"identity.{name}")
        ]


@pytest.fixture
def flat(cloud: None, community: str) -> Flat:
    identity.found_community(community, "和苑")
    for unit_id in ("u1", "u2"):
        identity.add_unit(community, unit_id, unit_id)
    identity.move_in(community, "u1", "owner", Tie.OWNER)
    identity.move_in(community, "u2", "neighbour", Tie.OWNER)
    return Flat(community)


@pytest.mark.parametrize(
    ("id_number", "is_one"),
    [
        ("11010519491231002X", True),
        ("440524188001010014", True),
        ("440524188001010015", False),
        ("440524188002300019", False),
        ("44052418800101001", False),
        ("", False),
    ],
)
def test_an_id_number_has_a_date_and_a_check_digit(id_number, is_one):
    assert rules.is_id_number(id_number) is is_one


@pytest.mark.parametrize(
    ("born", "child"), [(date(2012, 11, 22), True), (date(2012, 11, 21), False)]
)
def test_a_child_is_one_until_the_fourteenth_birthday(born, child):
    assert rules.is_child(born, date(2026, 11, 21)) is child


def test_leap_day_children_grow_up():
    assert rules.is_child(date(2012, 2, 29), date(2026, 2, 28))
    assert not rules.is_child(date(2012, 2, 29), date(2026, 3, 1))


@pytest.mark.parametrize("tie", list(Tie))
def test_the_register_decides_who_owns_a_flat(tie):
    assert rules.may_decide(Decider.PROPERTY, tie)
    assert rules.may_decide(Decider.OWNER, tie) is (tie not in rules.OWNING)


def test_a_carer_and_a_child_do_not_answer_visitors(flat):
    identity.move_in(flat.community, "u1", "carer", Tie.CARER)
    identity.move_in(flat.community, "u1", "kid", Tie.CHILD, guardian_id="owner")
    identity.move_in(flat.community, "u1", "second", Tie.CO_OWNER)
    assert sorted(identity.answerers(flat.community, "u1")) == ["owner", "second"]
    assert identity.units_of(flat.community, "carer") == []


@pytest.mark.parametrize(
    ("tie", "guardian", "code"),
    [
        (Tie.CHILD, None, "guardian_required"),
        (Tie.CHILD, "neighbour", "unknown_guardian"),
        (Tie.FAMILY, "owner", "guardian_only_for_children"),
    ],
)
def test_a_child_has_a_guardian_in_the_flat(flat, tie, guardian, code):
    with pytest.raises(Unprocessable, match=code):
        identity.move_in(flat.community, "u1", "kid", tie, guardian_id=guardian)
    assert flat.ties() == {"owner": "owner"}


def test_what_names_a_person_is_sealed(flat):
    person_id = identity.register_person(
        flat.community, name="张三", phone="13812345678", id_number="11010519491231002X"
    )
    person = people.find_person(flat.community, person_id)
    assert person is not None
    stored = str(person.serialize())
    for clear in ("张三", "13812345678", "11010519491231002X"):
        assert clear not in stored
    assert sealing.open(flat.community, person_id, "name", person.name) == "张三"
    (found,) = [
        one
        for one in people.persons_by_phone(sealing.index("phone", "+86 138-1234-5678"))
        if one.community_id == flat.community
    ]
    assert found.person_id == person_id


def test_a_wish_grants_nothing_until_it_is_approved(flat):
    binding_id = flat.asked("aunt")
    assert flat.ties() == {"owner": "owner"}
    shown = bindings.decide_as_owner(flat.resident(), binding_id, approve=True)
    assert shown.state == "APPROVED"
    assert flat.ties()["aunt"] == "family"
    assert len(flat.announced("ResidencyBegan")) == 3
    with pytest.raises(Conflict, match="already_bound"):
        flat.asked("aunt")


def test_a_rejected_wish_may_be_made_again(flat):
    binding_id = flat.asked("aunt")
    with pytest.raises(Conflict, match="already_pending"):
        flat.asked("aunt")
    bindings.decide_as_property(flat.staff(), binding_id, approve=False, reason="无法核实")
    assert bindings.mine(flat.resident("aunt")).items[0].reason == "无法核实"
    with pytest.raises(Conflict, match="already_decided"):
        bindings.decide_as_property(flat.staff(), binding_id, approve=True)
    assert flat.asked("aunt") == binding_id
    assert flat.ties() == {"owner": "owner"}


def test_ownership_needs_the_deed_and_the_company(flat):
    for tie in (Tie.OWNER, Tie.CO_OWNER, Tie.TENANT):
        with pytest.raises(Unprocessable, match="evidence_required"):
            flat.asked("buyer", tie)
    deed = f"{rules.evidence_folder(flat.community, 'buyer')}/{'a' * 64}.jpg"
    with pytest.raises(Unprocessable, match="evidence_missing"):
        flat.asked("buyer", Tie.CO_OWNER, evidence_key=deed)
    aws.client("s3").put_object(Bucket=settings().media_bucket, Key=deed, Body=b"jpg")
    binding_id = flat.asked("buyer", Tie.CO_OWNER, evidence_key=deed)
    with pytest.raises(Forbidden, match="property_decides"):
        bindings.decide_as_owner(flat.resident(), binding_id, approve=True)
    assert bindings.decide_as_property(flat.staff(), binding_id, approve=True).evidence_key == deed
    assert flat.ties()["buyer"] == "co_owner"


def test_nobody_decides_on_themselves_or_in_anothers_flat(flat):
    binding_id = flat.asked("aunt")
    for stranger in ("aunt", "neighbour", "nobody"):
        with pytest.raises(NotFound, match="no_such_binding"):
            bindings.decide_as_owner(flat.resident(stranger), binding_id, approve=True)
    with pytest.raises(NotFound, match="no_such_binding"):
        bindings.decide_as_property(flat.staff(community="com_x"), binding_id, approve=True)
    with pytest.raises(Forbidden, match="own_binding"):
        bindings.decide_as_property(flat.staff("aunt"), binding_id, approve=True)
    with pytest.raises(NotFound, match="no_such_unit"):
        bindings.at_unit(flat.resident("neighbour"), "u1")
    assert flat.ties() == {"owner": "owner"}


def test_a_guardian_asks_for_a_registered_child(flat):
    kid = identity.register_person(flat.community, name="小明")
    binding_id = flat.asked("owner", Tie.CHILD, for_person=kid)
    bindings.decide_as_property(flat.staff(), binding_id, approve=True)
    tie = people.tie_of(flat.community, "u1", kid)
    assert tie is not None
    assert tie.guardian_id == "owner"
    with pytest.raises(NotFound, match="no_such_person"):
        flat.asked("owner", Tie.FAMILY, for_person=kid)


def test_nobody_guesses_at_flats(flat):
    for number in range(6):
        identity.add_unit(flat.community, f"g{number}", "x")
    flat.known("guesser")
    for number in range(rules.MOST_WISHES):
        wishes.request(flat.resident("guesser"), Wish(f"g{number}", Tie.FAMILY))
    with pytest.raises(Unprocessable, match="too_many_bindings"):
        wishes.request(flat.resident("guesser"), Wish("g5", Tie.FAMILY))


def test_a_move_out_ends_every_right_at_once(flat):
    bindings.decide_as_owner(flat.resident(), flat.asked("aunt"), approve=True)
    moves.move_out(flat.community, "u1", "aunt")
    assert identity.units_of(flat.community, "aunt") == []
    (ended,) = Revocation.query(tenant_key(flat.community, "aunt"))
    assert ended.audience == "resident"
    (told,) = flat.announced("ResidencyEnded")
    fact = json.loads(told.body)
    assert (fact["tie"], fact["last_home"]) == ("family", True)
    assert bindings.mine(flat.resident("aunt")).items[0].state == "ENDED"
    with pytest.raises(NotFound, match="no_such_residency"):
        moves.move_out(flat.community, "u1", "aunt")
    flat.asked("aunt")


def test_a_move_to_another_flat_is_not_the_last_home(flat):
    identity.move_in(flat.community, "u2", "owner", Tie.TENANT)
    assert identity.lives_in(flat.community, "owner")
    moves.move_out(flat.community, "u1", "owner")
    moves.move_out(flat.community, "u2", "owner")
    facts = [json.loads(row.body) for row in flat.announced("ResidencyEnded")]
    said = {(fact["unit_id"], fact["tie"], fact["last_home"]) for fact in facts}
    assert said == {("u1", "owner", False), ("u2", "tenant", True)}
    assert not identity.lives_in(flat.community, "owner")


def test_a_guardian_does_not_leave_a_child_behind(flat):
    identity.move_in(flat.community, "u1", "kid", Tie.CHILD, guardian_id="owner")
    with pytest.raises(Unprocessable, match="guardian_of_child"):
        moves.move_out(flat.community, "u1", "owner")
    moves.move_out(flat.community, "u1", "kid")
    moves.move_out(flat.community, "u1", "owner")
    assert flat.ties() == {}


def test_an_owner_who_leaves_as_they_approve_does_not_do_both(flat):
    wishes = [flat.asked(f"aunt{number}") for number in range(4)]

    def approve(binding_id: str) -> bool:
        try:
            bindings.decide_as_owner(flat.resident(), binding_id, approve=True)
        except Refusal:
            return False
        return True

    def leave() -> bool:
        try:
            moves.move_out(flat.community, "u1", "owner")
        except Refusal:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        left = pool.submit(leave)
        approved = list(pool.map(approve, wishes))
    assert len(flat.ties()) == sum(approved) + (not left.result())


@pytest.mark.parametrize(
    ("by", "whom", "code"),
    [
        ("owner", "aunt", None),
        ("aunt", "aunt", None),
        ("owner", "kid", None),
        ("aunt", "owner", "property_decides"),
        ("second", "owner", "property_decides"),
        ("neighbour", "aunt", "no_such_unit"),
        ("owner", "neighbour", "no_such_residency"),
    ],
)
def test_who_may_move_whom_out(flat, by, whom, code):
    identity.move_in(flat.community, "u1", "aunt", Tie.FAMILY)
    identity.move_in(flat.community, "u1", "second", Tie.CO_OWNER)
    identity.move_in(flat.community, "u1", "kid", Tie.CHILD, guardian_id="aunt")
    if whom == "aunt":
        moves.move_out(flat.community, "u1", "kid")
    if code is None:
        homes.leave(flat.resident(by), "u1", whom)
        assert whom not in flat.ties()
    else:
        before = flat.ties()
        with pytest.raises(Refusal, match=code):
            homes.leave(flat.resident(by), "u1", whom)
        assert flat.ties() == before


def test_people_over_http(flat, http, sign):
    clerk = sign(flat.community, "clerk", audience="property", roles=["property_clerk"])
    asked = {"name": "李四", "phone": "13912345678"}
    first = http("POST", "/property/people", asked, token=clerk, idempotency_key="key-00000001")
    again = http("POST", "/property/people", asked, token=clerk, idempotency_key="key-00000001")
    assert first.body == again.body
    other = http("POST", "/property/people", asked, token=clerk, idempotency_key="key-00000002")
    assert (other.status, other.code) == (409, "phone_taken")
    person = first.body["person_id"]
    wish = {"unit_id": "u1", "tie": "family"}
    mine = sign(flat.community, person)
    wished = http("POST", "/resident/bindings", wish, token=mine).body
    listed = http("GET", "/property/bindings", token=clerk).body["items"]
    assert [item["binding_id"] for item in listed] == [wished["binding_id"]]
    at_home = http("GET", "/resident/units/u1/bindings", token=sign(flat.community, "owner"))
    assert at_home.body["items"] == listed
    decision = f"/property/bindings/{wished['binding_id']}/decision"
    assert http("POST", decision, {"approve": True}, token=clerk).body["state"] == "APPROVED"
    homes_ = http("GET", "/resident/units", token=mine).body["items"]
    assert homes_ == [{"unit_id": "u1", "tie": "family", "guardian_id": None}]
    out = http("POST", "/property/units/u1/move-out", {"person_id": person}, token=clerk)
    assert out.status == 200
    assert homes.homes(flat.resident(person)).items == []
    with clock.standing_at(clock.now() + timedelta(seconds=6)):  # the list of sign-outs is read
        left = http("GET", "/resident/units", token=mine)
    assert (left.status, left.code) == (401, "token_revoked")


@pytest.mark.parametrize(
    "wish",
    [
        {"unit_id": "u1", "tie": "king"},
        {"unit_id": "u1", "tie": "family", "state": "APPROVED"},
        {"unit_id": "u" * 1_000_000, "tie": "family"},
        {"unit_id": "u1", "tie": "owner", "evidence_key": "../\u202e"},
    ],
)
def test_a_wish_is_closed(flat, http, sign, wish):
    reply = http("POST", "/resident/bindings", wish, token=sign(flat.community, "new"))
    assert (reply.status, reply.code) == (400, "invalid_request")
    assert bindings.mine(flat.resident("new")).items == []

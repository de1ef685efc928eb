"""To be forgotten: who is, who keeps name and phone and why, and that it is all or nothing."""

import json
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag

from chalicelib.core import aws, clock, outbox, sealing, table
from chalicelib.core.config import settings
from chalicelib.core.errors import NotFound, Unprocessable
from chalicelib.core.outbox import OutboxRow
from chalicelib.core.table import tenant_key
from chalicelib.identity import public as identity
from chalicelib.identity.events import AccountErased, PersonForgotten
from chalicelib.identity.rules import people as rules
from chalicelib.identity.rules.consent import Channel, Decision, Purpose, current
from chalicelib.identity.rules.people import Tie
from chalicelib.identity.rules.privacy import Reason
from chalicelib.identity.service import audit, consent, deletion, moves, people, wishes
from chalicelib.identity.tables.audits import Deletion
from chalicelib.identity.tables.people import Binding, Person, Phone
from chalicelib.identity.tables.sessions import WeChatHome
from tests.functions.conftest import delivered, woken
from tests.identity.residents import NAME, resident, settle, staff
from tests.invariants.store import in_memory

AT = datetime(2026, 3, 2, 1, tzinfo=UTC)
FACE = Purpose.FACE_RECOGNITION


@pytest.fixture
def memory():
    with in_memory() as made:
        yield made


def settled(community: str, person: str = "per_1", **more: Any) -> str:
    """Settle somebody who signs in by WeChat and claims a phone."""
    settle(community, person, **{"tie": Tie.FAMILY, **more})
    row = people.person_of(community, person)
    row.account_key = f"account-{community}-{person}"
    people.seal(row, {"phone": number(community, person)}, sealing.key_of(community, person))
    link = WeChatHome(
        account_key=row.account_key,
        community_id=community,
        person_id=person,
        person_key=tenant_key(community, person),
        openid=b"sealed",
        used_at=0,
    )
    outbox.commit(row, link, people.claim(row))
    return person


def number(community: str, person: str = "per_1") -> str:
    return f"138{zlib.crc32(f'{community}{person}'.encode()) % 10**8:08}"


def agree(community: str) -> None:
    notice = current(FACE)
    asked = consent.Asked(FACE, Decision.GIVEN, Channel.SETTINGS, notice.version, notice.sha256)
    consent.decide(resident(community), asked)


def grounds(view: deletion.DeletionView) -> set[str]:
    return {str(one.ground) for one in view.kept}


def told(community: str) -> list[OutboxRow]:
    return [row for row in OutboxRow.scan() if row.community_id == community]


def test_who_owns_nothing_is_forgotten_at_once_with_their_home(cloud, community):
    """On the real engine: no ghost is left that answers a door or blocks a phone."""
    settled(community)
    settle(community, "owner")
    agree(community)
    person = people.person_of(community, "per_1")
    backup, index = bytes(person.phone), person.phone_index
    asked = deletion.delete(resident(community), at=AT)
    assert (asked.due_at.date().isoformat(), grounds(asked)) == ("2026-03-23", {"record"})

    with pytest.raises(sealing.Forgotten):
        sealing.open(community, "per_1", "phone", backup)
    with pytest.raises(sealing.Forgotten):
        audit.resident(staff(community), "per_1", purpose=Reason.REPAIR, ticket="WO-1")
    with pytest.raises(Unprocessable, match="consent_required"):
        consent.require_consent(community, "per_1", FACE)
    assert identity.answerers(community, "u1") == ["owner"]
    assert not identity.lives_in(community, "per_1")
    assert people.find_person(community, "per_1") is None
    left = Person.find(community, "per_1")
    assert left is not None
    assert [getattr(left, field) for field in deletion.NAMING] == [None] * len(deletion.NAMING)
    assert Phone.find(index, community) is None
    assert WeChatHome.find(f"account-{community}-per_1", community) is None
    facts = {row.name: json.loads(row.body) for row in told(community)}
    assert facts["identity.ResidencyEnded"]["last_home"] is True
    assert {"identity.PersonForgotten", "identity.ConsentWithdrawn"} <= set(facts)


def test_an_owner_is_told_why_name_and_phone_stay(cloud, community):
    settled(community, tie=Tie.OWNER)
    agree(community)
    before = people.person_of(community, "per_1")
    old_id, old_phone = bytes(before.id_number), bytes(before.phone)
    asked = deletion.delete(resident(community))
    assert {one.what for one in asked.kept if one.ground == "still_owner"} == {
        "name", "phone", "homes",
    }  # fmt: skip
    person = people.person_of(community, "per_1")
    assert people.opened(person, "name") == NAME
    assert people.opened(person, "phone") == number(community)
    assert [getattr(person, name) for name in deletion.OPTIONAL] == [None] * 4
    for backup, field in ((old_id, "id_number"), (old_phone, "phone")):
        with pytest.raises(InvalidTag):
            sealing.open(community, "per_1", field, backup)
    assert identity.answerers(community, "u1") == ["per_1"]
    assert Phone.find(person.phone_index, community) is not None
    assert WeChatHome.find(f"account-{community}-per_1", community) is None
    with pytest.raises(Unprocessable, match="consent_required"):
        consent.require_consent(community, "per_1", FACE)
    assert "identity.AccountErased" in {row.name for row in told(community)}


def test_the_rest_of_an_owner_goes_when_they_own_nothing(memory, community):
    settled(community, tie=Tie.OWNER)
    deletion.delete(resident(community), at=AT)
    moves.move_out(community, "u1", "per_1", at=AT + timedelta(days=30))
    with clock.standing_at(AT + timedelta(days=30, minutes=1)):
        assert deletion.forget_leavers() == 1
    assert people.find_person(community, "per_1") is None
    noted = Deletion.find(community, "per_1")
    assert noted is not None
    assert noted.grounds == []


def test_who_works_here_keeps_name_and_phone_too(memory, community):
    settled(community)
    person = people.person_of(community, "per_1")
    person.login = "feng_guard"
    outbox.commit(person)
    assert "still_employed" in grounds(deletion.delete(resident(community), at=AT))
    assert people.opened(people.person_of(community, "per_1"), "name") == NAME
    assert not identity.lives_in(community, "per_1")


def test_a_child_neither_deletes_alone_nor_is_left_alone(memory, community):
    settled(community, "per_1", tie=Tie.FAMILY)
    settled(community, "kid", tie=Tie.CHILD, guardian_id="per_1", born="2020-01-01")
    settled(community, "per_2")
    with pytest.raises(Unprocessable, match="guardian_required"):
        deletion.delete(resident(community, "kid"))
    with pytest.raises(NotFound, match="no_such_person"):
        deletion.delete(resident(community, "per_2"), "kid")
    with pytest.raises(Unprocessable, match="guardian_of_child"):
        deletion.delete(resident(community))
    deletion.delete(resident(community), "kid", at=AT)
    assert people.find_person(community, "kid") is None
    deletion.delete(resident(community), at=AT)
    assert [tie.person_id for tie in people.residencies(community, "u1")] == ["per_2"]


def test_the_forgotten_are_tied_to_nothing_again(memory, community):
    identity.found_community(community, "和苑")
    identity.add_unit(community, "u1", "101")
    settled(community)
    deletion.delete(resident(community), at=AT)
    with pytest.raises(NotFound, match="no_such_person"):
        moves.move_in(community, "u1", "per_1", Tie.FAMILY)


def test_a_second_deletion_gets_the_first_answer(memory, community):
    settled(community)
    first = deletion.delete(resident(community), at=AT)
    told_once = len(memory.rows("outbox"))
    assert deletion.delete(resident(community)) == first
    assert len(memory.rows("outbox")) == told_once


def test_who_was_never_registered_can_be_forgotten_too(memory, community):
    deletion.delete(resident(community, "per_none"), at=AT)
    assert Deletion.find(community, "per_none") is not None


# -- what is no row of the person's own --------------------------------------------------------


@pytest.mark.parametrize("tie", [Tie.FAMILY, Tie.OWNER])
def test_wishes_and_their_evidence_go_with_the_function(cloud, community, tie):
    identity.found_community(community, "和苑")
    identity.add_unit(community, "u2", "102")
    settled(community, tie=tie)
    key = f"{rules.evidence_folder(community, 'per_1')}/{'b' * 64}.png"
    aws.client("s3").put_object(Bucket=settings().media_bucket, Key=key, Body=b"png")
    wish = wishes.Wish("u2", Tie.TENANT, evidence_key=key)
    asked = wishes.request(resident(community), wish)
    view = deletion.delete(resident(community))
    event: Any = PersonForgotten(community, "per_1", view.asked_at, view.due_at)
    if tie is Tie.OWNER:
        event = AccountErased(community, "per_1", ("still_owner",), view.asked_at, view.due_at)
    for _ in range(2):
        assert woken("finish_deletion", delivered(event)) == {"batchItemFailures": []}
    row = Binding.find(community, asked.binding_id)
    assert row is not None
    assert (row.state, bool(row.evidence_key)) == ("ENDED", False)
    found = aws.client("s3").list_objects_v2(Bucket=settings().media_bucket, Prefix=f"{community}/")
    assert "Contents" not in found
    assert (community, "per_1") not in set(Deletion.open(1_000))


def test_the_sweep_finishes_what_nobody_did_and_complains(memory, community, caplog):
    settled(community)
    deletion.delete(resident(community), at=AT)
    assert list(Deletion.open(10)) == [(community, "per_1")]
    with clock.standing_at(AT + timedelta(days=30)):
        assert deletion.finish_deletions() == 1
    assert "deletion overdue" in caplog.text
    assert list(Deletion.open(10)) == []
    assert deletion.finish_deletions() == 0


def test_the_hourly_function_forgets_and_finishes(cloud, community):
    settled(community)
    moves.move_out(community, "u1", "per_1", at=AT - timedelta(days=3_000))
    assert woken("sweep_deletions", {}) >= 1
    woken("sweep_deletions", {})
    assert people.find_person(community, "per_1") is None
    assert (community, "per_1") not in set(Deletion.open(1_000))


# -- who has no home any more (PIPL 47) --------------------------------------------------------


def test_who_has_no_home_for_a_quarter_is_forgotten(memory, community):
    identity.found_community(community, "和苑")
    for unit_id in ("u1", "u2"):
        identity.add_unit(community, unit_id, unit_id)
    for person in ("per_1", "per_2"):
        settled(community, person)
        moves.move_out(community, "u1", person, at=AT)
    with clock.standing_at(AT + moves.HOMELESS_FOR - timedelta(minutes=1)):
        assert deletion.forget_leavers() == 0
        moves.move_in(community, "u2", "per_2", Tie.TENANT)
    with clock.standing_at(AT + moves.HOMELESS_FOR + timedelta(minutes=1)):
        assert deletion.forget_leavers() == 1
    assert people.find_person(community, "per_1") is None
    assert people.find_person(community, "per_2") is not None
    noted = Deletion.find(community, "per_1")
    assert noted is not None
    assert noted.asked_by == "retention"


def test_who_still_has_a_home_or_waits_for_one_is_not(memory, community):
    identity.found_community(community, "和苑")
    identity.add_unit(community, "u2", "102")
    settled(community, "per_1")
    settled(community, "per_2")
    moves.move_out(community, "u1", "per_2", at=AT)
    wishes.request(resident(community, "per_2"), wishes.Wish("u2", Tie.FAMILY))
    person = people.person_of(community, "per_1")
    person.leaves(AT)  # as an import's tie leaves it
    outbox.commit(person)
    with clock.standing_at(AT + timedelta(days=100)):
        assert deletion.forget_leavers() == deletion.forget_leavers() == 0
    assert people.find_person(community, "per_2") is not None
    assert people.person_of(community, "per_1").forget_at is None


# -- restored backups, and dying on the way ----------------------------------------------------


@pytest.mark.parametrize("tie", [Tie.FAMILY, Tie.OWNER])
def test_a_restored_backup_forgets_again(memory, community, tie):
    """I16, the restore drill: tables come back as they were, the list of deletions does not."""
    settled(community, tie=tie)
    settled(community, "per_2")
    agree(community)
    shorts = ("people", "person_keys", "consent_standings", "residencies", "wechat_homes", "phones")
    tables = [table.table_name(short) for short in shorts]
    backup = {name: dict(memory.store.tables[name].items) for name in tables}
    deletion.delete(resident(community), at=AT)
    deletion.finish_deletions()
    for name, items in backup.items():
        memory.store.tables[name].items = items
    assert people.person_of(community, "per_1").id_number is not None

    assert identity.replay_deletions(community) == 1
    assert deletion.finish_deletions() == 1
    with pytest.raises(Unprocessable, match="consent_required"):
        consent.require_consent(community, "per_1", FACE)
    assert {row["person_id"]["S"] for row in memory.rows("wechat_homes")} == {"per_2"}
    left = Person.find(community, "per_1")
    assert left is not None
    assert (bool(left.id_number), bool(left.name)) == (False, tie is Tie.OWNER)
    assert identity.lives_in(community, "per_1") is (tie is Tie.OWNER)
    assert identity.lives_in(community, "per_2")
    assert identity.replay_deletions(community) == 0


@pytest.mark.parametrize("call", range(0, 24, 2))
def test_a_deletion_that_dies_anywhere_is_whole_or_nothing(memory, community, call):
    """I16: never a destroyed key with a standing consent or a home, nor the other way round."""

    class Died(BaseException):
        pass

    def strike(_operation, _asked):
        left.pop() if left else dies()

    def dies():
        raise Died

    settled(community)
    agree(community)
    left, memory.before = list(range(call)), strike
    try:
        deletion.delete(resident(community), at=AT)
        done = True
    except Died:
        done = False
    memory.before = lambda _operation, _asked: None
    gone = not memory.rows("person_keys")[0].get("sealed", {}).get("B")
    assert gone is bool(memory.rows("deletions")) is done
    (standing,) = memory.rows("consent_standings")
    assert (standing["state"]["S"] == "withdrawn") is gone
    assert ("phone" not in memory.rows("people")[0]) is gone
    assert (memory.rows("residencies") == memory.rows("phones") == []) is gone

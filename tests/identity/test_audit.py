from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.core import audit, clock, context
from chalicelib.core.errors import Forbidden, NotFound, Refusal, TooMany, Unavailable
from chalicelib.core.once import OnceRecord
from chalicelib.identity.rules.people import Tie
from chalicelib.identity.rules.privacy import Reason
from chalicelib.identity.service import audit as service
from chalicelib.identity.tables.organisation import Community
from tests.identity.residents import PHONE, officer, resident, settle, staff
from tests.invariants.store import Memory, in_memory

WHY: dict[str, Any] = {"purpose": Reason.REPAIR, "ticket": "WO-1"}


@pytest.fixture
def memory():
    with in_memory() as made:
        yield made


def looks(community: str, person: str = "per_1") -> list[service.Look]:
    return service.views(resident(community, person), None, limit=20, after=None).items


def test_staff_see_masked_data_and_the_resident_sees_who_looked(cloud, community):
    settle(community)
    seen = service.resident(staff(community), "per_1", **WHY)
    assert (seen.name, seen.phone) == ("王小芳", "138****1234")
    assert (seen.id_number, seen.unit_ids) == ("33**************3X", ["u1"])
    (look,) = looks(community)
    assert (look.view_id, look.viewer_id) == (seen.view_id, "staff_property_manager")
    assert (look.purpose, look.ticket, look.org) == ("repair", "WO-1", community)
    assert look.fields == ["id_number", "name", "phone", "units"]


def test_a_guard_sees_less_and_the_record_says_so(memory: Memory, community):
    settle(community)
    seen = service.resident(staff(community, "guard"), "per_1", **WHY)
    assert (seen.name, seen.phone, seen.id_number) == ("王**", None, None)
    assert looks(community)[0].fields == ["name", "units"]


@pytest.mark.parametrize(
    "why",
    [
        {"purpose": None, "ticket": "WO-1"},
        {"purpose": Reason.REPAIR, "ticket": ""},
    ],
)
def test_without_ticket_and_purpose_nothing_is_read(memory: Memory, community, why):
    settle(community)
    memory.calls.clear()
    with pytest.raises(Forbidden, match="ticket_required"):
        service.resident(staff(community), "per_1", **why)
    assert memory.calls == []
    with pytest.raises(Forbidden, match="ticket_required"):
        audit.viewing(staff(community), "per_1", purpose="repair", ticket=" ", fields=["name"])


def test_another_communitys_resident_is_nobody_and_leaves_no_record(memory: Memory, community):
    settle(community)
    with pytest.raises(NotFound, match="no_such_person"):
        service.resident(staff("com_other"), "per_1", **WHY)
    assert memory.rows("views") == memory.rows("readers") == []


def test_a_child_is_the_managers_alone(memory: Memory, community):
    settle(community, "kid", tie=Tie.CHILD, guardian_id="per_1")
    for role in ("guard", "property_clerk"):
        with pytest.raises(Forbidden, match="child_needs_manager"):
            service.resident(staff(community, role), "kid", **WHY)
    assert memory.rows("views") == []
    assert service.resident(staff(community), "kid", **WHY).name == "王小芳"


def test_a_guardian_reads_who_looked_at_the_child(memory: Memory, community):
    settle(community)
    settle(community, "kid", tie=Tie.CHILD, guardian_id="per_1")
    settle(community, "per_2", tie=Tie.FAMILY)
    service.resident(staff(community), "kid", **WHY)
    page = service.views(resident(community), "kid", limit=20, after=None)
    assert [look.subject_id for look in page.items] == ["kid"]
    with pytest.raises(NotFound, match="no_such_person"):
        service.views(resident(community, "per_2"), "kid", limit=20, after=None)


def test_a_thirty_first_person_within_the_hour_is_refused(memory: Memory, community):
    start, reader = datetime(2026, 3, 1, tzinfo=UTC), staff(community)
    for number in range(31):
        settle(community, f"per_{number}")
    for number in range(30):
        with clock.standing_at(start + timedelta(seconds=number)):
            service.resident(reader, f"per_{number}", **WHY)
    with clock.standing_at(start + timedelta(minutes=10)):
        service.resident(reader, "per_3", **WHY)  # again, and no thirty-first
        service.resident(staff(community, person_id="staff_2"), "per_30", **WHY)
        with pytest.raises(TooMany, match="too_many_subjects") as refused:
            service.resident(reader, "per_30", **WHY)
    assert refused.value.retry_after == 3_000
    assert len(memory.rows("views")) == 32
    with clock.standing_at(start + timedelta(minutes=10, seconds=3_000)):
        service.resident(reader, "per_30", **WHY)


@pytest.mark.parametrize("dies", ["before", "after"])
def test_whatever_dies_between_record_and_answer_nothing_is_shown(memory, community, dies):
    """I15: data returned means a record; a crash means no data, with the record or without."""

    class Died(BaseException):
        pass

    def strike(operation, _asked):
        if operation == "TransactWriteItems":
            raise Died

    settle(community)
    setattr(memory, dies, strike)
    shown = None
    with pytest.raises(Died):
        shown = service.resident(staff(community), "per_1", **WHY)
    assert shown is None
    assert len(memory.rows("views")) == (1 if dies == "after" else 0)


def test_a_store_that_fails_shows_nothing(memory: Memory, community):
    settle(community)
    memory.before = _failing
    with pytest.raises(RuntimeError):
        service.resident(staff(community), "per_1", **WHY)
    memory.before = lambda _operation, _asked: None
    assert memory.rows("views") == []


def _failing(operation, _asked):
    if operation == "TransactWriteItems":
        raise RuntimeError("the store is gone")


def test_the_number_of_shown_views_is_the_number_of_records(cloud, community):
    settle(community)

    def look(number: int) -> bool:
        try:
            service.resident(staff(community), "per_1", purpose=Reason.CARE, ticket=f"T{number}")
        except Unavailable:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        shown = sum(pool.map(look, range(8)))
    assert shown >= 4
    assert len(looks(community)) == shown


def test_a_look_does_not_spend_the_idempotency_key_being_served(memory: Memory, community):
    wanted = context.Once(community, "staff", "key-00000001", "digest")
    with context.serving("r", wanted):
        audit.viewing(staff(community), "per_1", purpose="care", ticket="T", fields=["name"])
    assert OnceRecord.find(wanted.record_key) is None


def test_a_view_is_left_out_when_its_time_is_over(memory: Memory, community):
    settle(community)
    start = datetime(2026, 3, 1, tzinfo=UTC)
    with clock.standing_at(start):
        service.resident(staff(community), "per_1", **WHY)
    with clock.standing_at(start + timedelta(days=1_095)):
        assert len(looks(community)) == 1
    with clock.standing_at(start + timedelta(days=1_099)):
        assert looks(community) == []


def test_pages_show_each_look_once_and_a_cursor_is_the_persons_own(memory: Memory, community):
    settle(community)
    for number in range(5):
        service.resident(staff(community), "per_1", purpose=Reason.CARE, ticket=f"T{number}")
    first = service.views(resident(community), None, limit=3, after=None)
    rest = service.views(resident(community), None, limit=3, after=first.next)
    tickets = [look.ticket for look in (*first.items, *rest.items)]
    assert sorted(tickets) == ["T0", "T1", "T2", "T3", "T4"]
    with pytest.raises(Refusal, match="bad_cursor"):
        service.views(resident(community, "per_2"), None, limit=3, after=first.next)


def test_the_audit_duty_sees_what_one_member_of_staff_looked_at(memory: Memory, community):
    Community(community_id=community, name="和苑", path=f"c/s/n/{community}").save()
    for person in ("per_1", "per_2"):
        settle(community, person)
        service.resident(staff(community, "guard"), person, **WHY)
    service.resident(staff(community), "per_1", **WHY)
    auditor = officer("audit_admin", "per_audit", node_path="c/s")
    page = service.views_by(auditor, "staff_guard", community, limit=20, after=None)
    assert {look.subject_id for look in page.items} == {"per_1", "per_2"}
    elsewhere = officer("audit_admin", "per_audit", node_path="c/s2")
    with pytest.raises(NotFound, match="no_such_community"):
        service.views_by(elsewhere, "staff_guard", community, limit=20, after=None)


def test_the_sealed_values_are_nowhere_in_the_tables(memory: Memory, community):
    settle(community)
    service.resident(staff(community), "per_1", **WHY)
    stored = repr([memory.rows(short) for short in ("people", "views", "readers", "person_keys")])
    assert PHONE not in stored
    assert "王小芳" not in stored

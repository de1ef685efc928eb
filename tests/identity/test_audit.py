from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.core import audit, clock, context
from chalicelib.core.auth import Caller
from chalicelib.core.errors import (
    BadRequest,
    Forbidden,
    NotFound,
    Refusal,
    TooMany,
    Unavailable,
)
from chalicelib.core.once import OnceRecord
from chalicelib.identity.rules.people import Tie
from chalicelib.identity.rules.privacy import Reason
from chalicelib.identity.service import audit as service
from chalicelib.identity.tables.organisation import Community, Node, Organisation
from tests.identity.residents import PHONE, officer, resident, settle, staff
from tests.invariants.store import Memory, in_memory

WHY: dict[str, Any] = {"purpose": Reason.REPAIR, "ticket": "WO-1"}


@pytest.fixture
def memory():
    with in_memory() as made:
        yield made


def looks(community: str, person: str = "per_1") -> list[service.LookView]:
    return service.views(resident(community, person), None, limit=20, after=None).items


def test_staff_see_masked_data_and_the_resident_sees_who_looked(cloud, community):
    settle(community)
    seen = service.resident(staff(community), "per_1", **WHY)
    assert (seen.name, seen.phone) == ("王小芳", "138****1234")
    assert (seen.id_number, seen.unit_ids) == ("33**************3X", ["u1"])
    (look,) = looks(community)
    assert (look.view_id, look.viewer_id) == (seen.view_id, "staff_property_manager")
    assert (look.purpose, look.ticket) == ("repair", "WO-1")
    assert look.fields == ["id_number", "name", "phone", "units"]


def test_a_resident_reads_the_name_of_who_looked_and_of_their_company(cloud, community):
    """LAW.md 3.3 wants unit and name; both are looked up when the list is read."""
    settle(community)
    settle(community, "staff_1")
    path = f"c_{community}/s/n/{community}"
    county, street_path = f"c_{community}", f"c_{community}/s"
    Node(scope=county, node_id="s", path=street_path, level="street", name="翠湖街道").save()
    org_id = f"org_{community}"
    Organisation(org_id=org_id, body="company", name="和苑物业").save()
    clerk = Caller(
        "staff_1", community, "property", ("guard",), 2**40, node_path=path, org_id=org_id
    )
    street = Caller("per_gone", "", "government", ("x",), 2**40, node_path=street_path)
    service.resident(clerk, "per_1", **WHY)
    audit.record(street, audit.Look(community, "per_1", "care", "WO-2", ["name"]))
    said = [(look.viewer_name, look.org) for look in looks(community)]
    assert said == [(None, "翠湖街道"), ("王小芳", "和苑物业")]


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
    for ticket in (" ", "-", "none"):
        with pytest.raises(Forbidden, match="ticket_required"):
            audit.viewing(
                staff(community), "per_1", purpose="repair", ticket=ticket, fields=["name"]
            )


def test_who_acts_above_estates_says_in_which_one_they_look(memory: Memory):
    """Else the row would stand under no community, where nobody finds it."""
    with pytest.raises(BadRequest, match="community_required"):
        audit.viewing(staff(""), "per_1", purpose="care", ticket="T1", fields=["name"])
    assert memory.rows("views") == []


def test_another_communitys_resident_is_nobody_and_leaves_no_record(memory: Memory, community):
    settle(community)
    with pytest.raises(NotFound, match="no_such_person"):
        service.resident(staff("com_other"), "per_1", **WHY)
    assert memory.rows("views") == memory.rows("readers") == []


def test_a_child_is_the_managers_alone(memory: Memory, community):
    settle(community, "kid", tie=Tie.CHILD, guardian_id="per_1")
    settle(community)
    for role in ("guard", "property_clerk"):
        with pytest.raises(Forbidden, match="child_needs_manager"):
            service.resident(staff(community, role), "kid", **WHY)
    page = service.views(resident(community), "kid", limit=20, after=None)
    assert [look.fields for look in page.items] == [["under_14"]] * 2
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


def test_thirty_people_at_once_are_honest_work(cloud, community):
    """Simultaneous looks at different people do not wait for each other."""
    reader = staff(community)

    def look(number: int) -> str:
        person = f"per_{number % 30}"
        return audit.viewing(reader, person, purpose="care", ticket="T1", fields=["name"])

    with ThreadPoolExecutor(12) as pool:
        assert len(set(pool.map(look, range(90)))) == 90
    with pytest.raises(TooMany):
        audit.viewing(reader, "per_30", purpose="care", ticket="T1", fields=["name"])


def test_a_page_of_people_is_recorded_in_one_commit_and_what_is_too_much_is_withheld(
    memory: Memory, community
):
    people = [f"per_{number}" for number in range(33)] + ["per_0"]
    wanted = [audit.Look(community, person, "care", "T1", ["name"]) for person in people]
    memory.calls.clear()
    ids = audit.viewing_all(staff(community), wanted)
    assert memory.calls == ["Query", "TransactWriteItems"]
    assert [bool(view_id) for view_id in ids] == [True] * 30 + [False] * 3 + [True]
    assert len(memory.rows("views")) == 31
    assert audit.viewing_all(staff(community), []) == []
    many = [audit.Look(community, "per_1", "care", "T1", ["name"])] * 80
    assert sum(bool(one) for one in audit.viewing_all(staff(community), many)) == audit.MOST_LOOKS


def test_a_look_does_not_spend_the_idempotency_key_being_served(memory: Memory, community):
    wanted = context.Once(community, "staff", "key-00000001", "digest")
    with context.serving("r", wanted):
        audit.viewing(staff(community), "per_1", purpose="care", ticket="T1", fields=["name"])
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

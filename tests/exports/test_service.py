import csv
import io
import json

import pytest

from chalicelib.access.rules.calls import CallState
from chalicelib.access.tables.calls import CallRow
from chalicelib.core import clock
from chalicelib.core.errors import NotFound, Refusal
from chalicelib.core.table import tenant_key
from chalicelib.exports import service as exports
from chalicelib.identity.rules.consent import Channel, Decision, Purpose, current
from chalicelib.identity.rules.people import Tie
from chalicelib.identity.rules.privacy import Reason
from chalicelib.identity.service import audit, consent, deletion
from chalicelib.identity.tables.people import Binding
from infra import rows
from tests.identity.residents import ID_NUMBER, NAME, PHONE, resident, settle, staff
from tests.invariants.store import in_memory

FACE = Purpose.FACE_RECOGNITION


@pytest.fixture
def memory():
    with in_memory() as made:
        yield made


def agree(community: str) -> None:
    notice = current(FACE)
    shown = (notice.version, notice.sha256)
    asked = consent.Asked(FACE, Decision.GIVEN, Channel.SETTINGS, *shown)
    consent.decide(resident(community), asked)


def look(community: str, ticket: str = "WO-1") -> None:
    audit.resident(staff(community), "per_1", purpose=Reason.REPAIR, ticket=ticket)


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_an_export_holds_everything_and_is_the_same_in_both_forms(memory, community):
    settle(community)
    agree(community)
    look(community)
    export = exports.export(resident(community))
    person = {"person_id": "per_1", "name": NAME, "phone": PHONE, "id_number": ID_NUMBER}
    assert export.data["person"] == [person]
    assert export.data["homes"] == [{"unit_id": "u1", "tie": "owner", "guardian_id": None}]
    assert export.data["consents"][0]["purpose"] == "face_recognition"
    assert export.data["views"][0]["ticket"] == "WO-1"
    assert export.next is None
    for kind, held in export.data.items():
        assert len(read(export.csv[kind])) == len(held) == 1
    assert read(export.csv["person"]) == [person]


def test_an_export_holds_nobody_else(memory, community):
    settle(community)
    settle(community, "per_2")
    settle("com_other")
    agree(community)
    look(community)
    other = exports.export(resident(community, "per_2"))
    assert set(other.data) == {"person", "homes"}
    assert "per_1" not in json.dumps(other.data)


def test_a_guardian_exports_for_their_child_and_for_nobody_else(memory, community):
    settle(community)
    settle(community, "kid", tie=Tie.CHILD, guardian_id="per_1", born="2020-01-01")
    settle(community, "per_2")
    export = exports.export(resident(community), "kid")
    assert (export.person_id, export.data["person"][0]["born"]) == ("kid", "2020-01-01")
    for stranger, whom in (("per_2", "kid"), ("per_1", "per_2"), ("kid", "per_1")):
        with pytest.raises(NotFound, match="no_such_person"):
            exports.export(resident(community, stranger), whom)


def test_no_exported_cell_is_a_formula(memory, community):
    settle(community)
    look(community, ticket="=cmd1")
    exported = exports.export(resident(community))
    assert read(exported.csv["views"])[0]["ticket"] == "'=cmd1"
    assert exported.data["views"][0]["ticket"] == "=cmd1"


def rang(community: str, call_id: str, *answerers: str, answered_by: str | None = None) -> None:
    """Write a call that rang at the flat for these people."""
    now = clock.now()
    CallRow(
        call_key=tenant_key(community, call_id),
        call_id=call_id,
        community_id=community,
        unit_id="u1",
        unit_key=tenant_key(community, "u1"),
        gate_id="gate",
        panel_id="panel",
        answerers=set(answerers),
        answered_by=answered_by,
        state=CallState.OPENED.value,
        rung_at=clock.epoch_ms(now),
        expires_at=clock.epoch_ms(now),
        expires=int(now.timestamp()) + 60,
    ).save()


def test_calls_that_rang_for_a_person_are_theirs_and_tell_of_nobody_else(memory, community):
    settle(community)
    settle(community, "per_2")
    rang(community, "call_1", "per_1", "per_2", answered_by="per_2")
    rang(community, "call_2", "per_2")
    export = exports.export(resident(community))
    assert [(row["call_id"], row["answered"]) for row in export.data["calls"]] == [
        ("call_1", False)
    ]
    assert "per_2" not in json.dumps(export.data)


def test_wishes_and_a_deletion_that_was_asked_for_are_in_it(memory, community):
    settle(community, tie=Tie.FAMILY)
    wish = Binding(
        community_id=community,
        binding_id="bind_1",
        unit_id="u2",
        unit_key=tenant_key(community, "u2"),
        person_id="per_1",
        person_key=tenant_key(community, "per_1"),
        tie="owner",
        state="REJECTED",
        state_key="x",
        asked_at=0,
        reason="证明不清",
    )
    wish.save()
    export = exports.export(resident(community))
    assert [row["reason"] for row in export.data["wishes"]] == ["证明不清"]
    deletion.delete(resident(community))
    after = exports.export(resident(community)).data
    assert "person" not in after
    assert len(after["deletion"]) == 1
    assert PHONE not in json.dumps(after)


def test_a_long_export_comes_in_pages_and_nothing_is_cut(memory, community):
    settle(community)
    for number in range(120):
        look(community, ticket=f"T{number}")
    got, after, pages = [], None, 0
    while pages == 0 or after:
        page = exports.export(resident(community), after=after, page=50)
        got += page.data.get("views", [])
        after, pages = page.next, pages + 1
    assert pages == 3
    assert sorted(row["ticket"] for row in got) == sorted(f"T{number}" for number in range(120))
    first = exports.export(resident(community), page=50)
    settle(community, "per_2")
    with pytest.raises(Refusal, match="bad_cursor"):
        exports.export(resident(community, "per_2"), after=first.next)


NAMING = {"person_id", "person_key", "subject_id", "subject_key", "answerers"}


def test_every_domain_that_names_residents_is_asked():
    """Its `public.held_of`, in `exports.service.SOURCES`; staff are named by `…_by`."""
    naming = {
        row.__module__.split(".")[1]
        for row in rows.load().values()
        if NAMING & set(row.get_attributes())
    }
    asked = {source.__module__.split(".")[1] for source in exports.SOURCES}
    assert naming - {"core"} <= asked

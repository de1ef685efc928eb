import csv
import io
import json
from datetime import UTC, datetime

import pytest

from chalicelib.core import sealing, table
from chalicelib.core.errors import Unprocessable
from chalicelib.core.outbox import OutboxRow
from chalicelib.core.table import tenant_key
from chalicelib.identity import public
from chalicelib.identity.rules.consent import NOTICES, Channel, Decision, Purpose
from chalicelib.identity.rules.privacy import Reason
from chalicelib.identity.service import audit, consent, privacy
from chalicelib.identity.tables.audits import Deletion
from chalicelib.identity.tables.people import Person
from chalicelib.identity.tables.sessions import WeChatHome
from tests.identity.residents import ID_NUMBER, NAME, PHONE, resident, settle, staff
from tests.invariants.store import in_memory

AT = datetime(2026, 3, 2, 1, tzinfo=UTC)
FACE = Purpose.FACE_RECOGNITION


@pytest.fixture
def memory():
    with in_memory() as made:
        yield made


def agree(community: str) -> None:
    notice = NOTICES[FACE]
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
    export = privacy.export(resident(community))
    person = {"person_id": "per_1", "name": NAME, "phone": PHONE, "id_number": ID_NUMBER}
    assert export.data["person"] == [person]
    assert export.data["homes"] == [{"unit_id": "u1", "tie": "owner"}]
    assert export.data["consents"][0]["purpose"] == "face_recognition"
    assert export.data["views"][0]["ticket"] == "WO-1"
    assert export.data.pop("sessions") == []
    for kind, rows in export.data.items():
        assert len(read(export.csv[kind])) == len(rows) == 1
    assert read(export.csv["person"]) == [person]


def test_an_export_holds_nobody_else(memory, community):
    settle(community)
    settle(community, "per_2")
    settle("com_other")
    agree(community)
    look(community)
    other = privacy.export(resident(community, "per_2"))
    assert other.data["consents"] == other.data["views"] == []
    assert "per_1" not in json.dumps(other.data)


def test_no_exported_cell_is_a_formula(memory, community):
    settle(community)
    look(community, ticket="=cmd")
    exported = privacy.export(resident(community))
    assert read(exported.csv["views"])[0]["ticket"] == "'=cmd"
    assert exported.data["views"][0]["ticket"] == "=cmd"


def test_a_deletion_takes_effect_at_once_on_the_real_engine(cloud, community):
    settle(community)
    agree(community)
    person = Person.find(community, "per_1")
    assert person is not None
    backup = bytes(person.phone)
    asked = privacy.delete(resident(community), at=AT)
    assert asked.due_at.date().isoformat() == "2026-03-23"

    with pytest.raises(sealing.Forgotten):
        sealing.open(community, "per_1", "phone", backup)
    with pytest.raises(sealing.Forgotten):
        look(community)
    with pytest.raises(Unprocessable, match="consent_required"):
        consent.require_consent(community, "per_1", FACE)
    left = Person.find(community, "per_1")
    assert left is not None
    for field in ("name", "phone", "id_number", "phone_index", "id_index"):
        assert getattr(left, field) is None
    told = [row for row in OutboxRow.scan() if row.community_id == community]
    assert {"identity.PersonForgotten", "identity.ConsentWithdrawn"} <= {row.name for row in told}
    export = privacy.export(resident(community))
    assert export.data["person"] == []
    assert export.data["homes"] == [{"unit_id": "u1", "tie": "owner"}]
    assert PHONE not in json.dumps(export.data)


def test_a_deletion_ends_sign_ins_and_unlinks_wechat(memory, community):
    settle(community)
    for person, account in (("per_1", "account_1"), ("per_2", "account_2")):
        WeChatHome(
            account_key=account,
            community_id=community,
            person_id=person,
            person_key=tenant_key(community, person),
            openid=b"sealed",
            used_at=0,
        ).save()
    privacy.delete(resident(community), at=AT)
    assert [row["person_id"]["S"] for row in memory.rows("wechat_homes")] == ["per_2"]
    assert [row["subject_key"]["S"] for row in memory.rows("revocations")] == [f"{community}#per_1"]


def test_a_second_deletion_gets_the_first_answer(memory, community):
    settle(community)
    first = privacy.delete(resident(community), at=AT)
    assert privacy.delete(resident(community)) == first
    assert len(memory.rows("outbox")) == 1


def test_a_restored_backup_forgets_again(memory, community):
    """I16, the restore drill: tables come back as they were, the list of deletions does not."""
    settle(community)
    settle(community, "per_2")
    agree(community)
    tables = [table.table_name(s) for s in ("people", "person_keys", "consent_standings")]
    backup = {name: dict(memory.store.tables[name].items) for name in tables}
    privacy.delete(resident(community), at=AT)
    for name, items in backup.items():
        memory.store.tables[name].items = items
    assert privacy.export(resident(community)).data["person"] != []

    assert public.replay_deletions(community) == 1
    assert privacy.export(resident(community)).data["person"] == []
    with pytest.raises(Unprocessable, match="consent_required"):
        consent.require_consent(community, "per_1", FACE)
    assert privacy.export(resident(community, "per_2")).data["person"] != []
    assert public.replay_deletions(community) == 0


def test_who_was_never_registered_can_be_forgotten_too(memory, community):
    privacy.delete(resident(community, "per_none"), at=AT)
    assert Deletion.find(community, "per_none") is not None


@pytest.mark.parametrize("call", range(12))
def test_a_deletion_that_dies_anywhere_is_whole_or_nothing(memory, community, call):
    """I16: never a destroyed key with a standing consent, nor the other way round."""

    class Died(BaseException):
        pass

    def strike(_operation, _asked):
        left.pop() if left else dies()

    def dies():
        raise Died

    settle(community)
    agree(community)
    left, memory.before = list(range(call)), strike
    try:
        privacy.delete(resident(community), at=AT)
        done = True
    except Died:
        done = False
    memory.before = lambda _operation, _asked: None
    gone = not memory.rows("person_keys")[0].get("sealed", {}).get("B")
    assert gone is bool(memory.rows("deletions")) is done
    (standing,) = memory.rows("consent_standings")
    assert (standing["state"]["S"] == "withdrawn") is gone
    assert ("phone" not in memory.rows("people")[0]) is gone

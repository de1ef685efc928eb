import base64
import json

import pytest

from benchmarks.calls import counting
from chalicelib.core import aws, clock, sealing
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Conflict, Refusal, Unprocessable
from chalicelib.core.outbox import OutboxRow
from chalicelib.core.table import tables, tenant_key
from chalicelib.identity import public as identity
from chalicelib.identity.events import ImportAccepted
from chalicelib.identity.rules.sheets import RESIDENTS, ROOMS
from chalicelib.identity.service import import_runs, importing, organisation, people
from chalicelib.identity.service.organisation import Place
from chalicelib.identity.tables.imports import ImportChunk, ImportJob
from chalicelib.identity.tables.organisation import Node, Unit
from chalicelib.identity.tables.people import Person, Residency
from tests.functions.conftest import delivered, woken
from tests.identity.sheets import KID, OWNER, ROOM, csv_of


@pytest.fixture
def manager(cloud: None, community: str) -> Caller:
    identity.found_community(community, "和苑")
    return Caller("per_m", community, "property", ("property_manager",), 2**40)


def estate_of(rooms: int, residents: int) -> dict[str, bytes]:
    at = [
        {**ROOM, "building": f"{n % 7 + 1}号楼", "entrance": f"{n % 2 + 1}单元", "room": str(n)}
        for n in range(rooms)
    ]
    people_ = [
        {**OWNER, **{c: at[n % rooms][c] for c in ("building", "entrance", "room")},
         "name": f"住户{n}", "phone": f"138{n:08}", "tie": "业主" if n < rooms else "家属"}
        for n in range(residents)
    ]  # fmt: skip
    return {ROOMS: csv_of(ROOMS, *at), RESIDENTS: csv_of(RESIDENTS, *people_)}


def stored(community: str) -> int:
    """How many rows of identity a community has, seen or not."""
    kinds = (Node, Unit, Person)
    ties = [tie for tie in Residency.scan() if tie.community_id == community]
    return sum(len(list(kind.query(community))) for kind in kinds) + len(ties)


def everything() -> dict[str, int]:
    return {short: row.count() for short, row in tables().items()}


def test_an_estate_is_imported_whole(manager, community):
    started = importing.accept(manager, estate_of(150, 360))
    assert (started.state, started.rooms, started.residents) == ("RUNNING", 150, 360)
    accepted = ImportAccepted(community, started.import_id)
    identity.write_import(accepted)
    identity.write_import(accepted)
    done = importing.progress(community, started.import_id)
    assert (done.state, done.written) == ("COMPLETE", 100)
    unit_id = organisation.unit_id_at(community, "3号楼", "1单元", "2")
    unit = organisation.unit(community, unit_id)
    assert (unit.area, unit.name) == (8937, "3号楼1单元2")
    assert organisation.node_at(unit.path.rpartition("/")[0], community).name == "1单元"
    assert len(identity.answerers(community, unit_id)) == 3
    (person,) = [
        one
        for one in people.persons_by_phone(sealing.index("phone", "13800000002"))
        if one.community_id == community
    ]
    row = people.find_person(community, person.person_id)
    assert row is not None
    assert sealing.open(community, row.person_id, "name", row.name) == "住户2"
    assert list(ImportChunk.query(tenant_key(community, started.import_id))) == []
    told = [row for row in OutboxRow.scan() if row.community_id == community]
    assert sum(row.name == "identity.EstateImported" for row in told) == 1


def test_nothing_is_seen_before_all_is_there(manager, community):
    started = importing.accept(manager, estate_of(150, 150))
    chunks = list(ImportChunk.query(tenant_key(community, started.import_id)))
    for chunk in chunks[:-1]:
        assert import_runs._write(chunk, started.import_id, community)
    unit_id = organisation.unit_id_at(community, "1号楼", "1单元", "0")
    assert Unit.find(community, unit_id) is not None
    with pytest.raises(Refusal, match="no_such_unit"):
        organisation.unit(community, unit_id)
    assert identity.answerers(community, unit_id) == []
    found = people.persons_by_phone(sealing.index("phone", "13800000000"))
    assert community not in {one.community_id for one in found}
    assert 0 < importing.progress(community, started.import_id).written < 100
    with pytest.raises(Conflict, match="import_under_way"):
        importing.accept(manager, estate_of(1, 0))
    identity.write_import(ImportAccepted(community, started.import_id))
    assert identity.answerers(community, unit_id) != []


def test_an_import_whose_lines_are_gone_is_never_complete(manager, community):
    """TTL took a chunk, or somebody did: rooms would be missing, and nobody would know."""
    started = importing.accept(manager, estate_of(150, 150))
    first, *_ = ImportChunk.query(tenant_key(community, started.import_id))
    first.delete()
    accepted = ImportAccepted(community, started.import_id)
    with pytest.raises(RuntimeError, match="chunks"):
        identity.write_import(accepted)
    assert importing.progress(community, started.import_id).state == "RUNNING"
    message = delivered(accepted)
    (failed,) = woken("import_estate", message)["batchItemFailures"]
    assert failed["itemIdentifier"] == message["Records"][0]["messageId"]


def test_lines_are_kept_as_long_as_anybody_may_mend_their_import(manager, community):
    started = importing.accept(manager, estate_of(3, 3))
    (chunk,) = ImportChunk.query(tenant_key(community, started.import_id))
    assert chunk.expires - clock.now().timestamp() > 80 * 86_400


def test_a_report_counts_every_bad_cell_and_lists_a_thousand(manager, community):
    bad = [{**ROOM, "room": str(number), "area": "0"} for number in range(3_000)]
    report = importing.dry_run(manager, {ROOMS: csv_of(ROOMS, *bad)})
    assert (report.bad, len(report.problems)) == (3_000, 1_000)
    with pytest.raises(Unprocessable, match="bad_lines") as refused:
        importing.accept(manager, {ROOMS: csv_of(ROOMS, *bad)})
    assert refused.value.details["bad"] == 3_000
    assert len(json.dumps(refused.value.details)) < 200_000


def test_a_number_claimed_meanwhile_undoes_the_import(manager, community):
    started = importing.accept(manager, estate_of(3, 3))
    identity.register_person(community, name="林晓", phone="13800000001")
    identity.write_import(ImportAccepted(community, started.import_id))
    assert importing.progress(community, started.import_id).state == "FAILED"
    (claim,) = [
        one
        for one in people.persons_by_phone(sealing.index("phone", "13800000001"))
        if one.community_id == community
    ]
    assert people.find_person(community, claim.person_id) is not None


def test_no_adult_is_imported_as_a_child(manager, community):
    adult = identity.register_person(community, name="林晓", phone="13900000009",
                                     id_number="11010519491231002X")  # fmt: skip
    files = {ROOMS: csv_of(ROOMS, ROOM), RESIDENTS: csv_of(RESIDENTS, OWNER, {
        **KID, "name": "林晓", "phone": "13900000009"})}  # fmt: skip
    report = importing.dry_run(manager, files)
    assert [(one.line, one.code) for one in report.problems] == [(3, "not_a_child")]
    assert people.ties_of(community, adult) == []


@pytest.mark.parametrize("moment", ["before-call", "after-call"])
def test_a_run_that_is_killed_goes_on(manager, community, moment):
    started = importing.accept(manager, estate_of(300, 300))
    events, calls = aws.client("dynamodb").meta.events, []

    class Killed(BaseException):
        pass

    def kill(model, **_):
        calls.append(model.name)
        if model.name == "TransactWriteItems" and calls.count("TransactWriteItems") % 3 == 0:
            raise Killed

    deaths = 0
    events.register(f"{moment}.dynamodb", kill, "kill")
    try:
        for _ in range(60):
            try:
                identity.write_import(ImportAccepted(community, started.import_id))
                break
            except Killed:
                deaths += 1
    finally:
        events.unregister(f"{moment}.dynamodb", unique_id="kill")
    assert deaths > 1
    assert importing.progress(community, started.import_id).state == "COMPLETE"
    assert len(list(Unit.query(community))) == 300
    assert len(list(Person.query(community))) == 300


def test_an_import_that_lost_a_room_is_undone_whole(manager, community):
    started = importing.accept(manager, estate_of(200, 200))
    taken = organisation.unit_id_at(community, "4号楼", "2单元", "199")
    organisation.add_unit(community, taken, "x", at=Place("4号楼", "", "199", 1))
    before = stored(community)
    for _ in range(3):
        try:
            identity.write_import(ImportAccepted(community, started.import_id))
        except Conflict:
            continue
    assert importing.progress(community, started.import_id).state == "FAILED"
    assert stored(community) == before
    importing.accept(manager, {ROOMS: csv_of(ROOMS, ROOM)})


def test_sheets_with_a_bad_line_write_nothing(manager, community):
    files = estate_of(30, 30)
    files[ROOMS] += b"\r\n" + ",".join({**ROOM, "area": "0"}.values()).encode()
    before = everything()
    report = importing.dry_run(manager, files)
    assert (report.state, report.problems[0].line) == ("REFUSED", 32)
    with pytest.raises(Unprocessable, match="bad_lines") as refused:
        importing.accept(manager, files)
    (bad,) = refused.value.details["problems"]
    assert (refused.value.details["bad"], bad["code"]) == (1, "area_not_positive")
    assert importing.dry_run(manager, estate_of(30, 30)).state == "CHECKED"
    assert everything() == before


def test_residents_may_come_later_and_people_are_known_again(manager, community):
    first = importing.accept(manager, estate_of(2, 2))
    identity.write_import(ImportAccepted(community, first.import_id))
    moved = {**OWNER, "building": "2号楼", "entrance": "2单元", "room": "1", "tie": "家属"}
    files = {RESIDENTS: csv_of(RESIDENTS, {**moved, "phone": "13800000000"})}
    second = importing.accept(manager, files)
    identity.write_import(ImportAccepted(community, second.import_id))
    assert len(list(Person.query(community))) == 2
    assert len(identity.answerers(community, organisation.unit_id_at(
        community, "2号楼", "2单元", "1"))) == 2  # fmt: skip
    report = importing.dry_run(manager, files)
    assert [problem.code for problem in report.problems] == ["already_bound"]


def test_who_lives_there_already_is_looked_up_by_the_hundred(manager, community):
    """It was one read for each line that named somebody known: 30,000 for a sheet."""
    files = estate_of(120, 240)
    identity.write_import(ImportAccepted(community, importing.accept(manager, files).import_id))
    with counting("dynamodb") as stored:
        report = importing.dry_run(manager, {RESIDENTS: files[RESIDENTS]})
    assert {problem.code for problem in report.problems} == {"already_bound"}
    assert len(report.problems) == 240
    assert stored.calls["BatchGetItem"] == 3
    assert stored.total < 12, str(stored)


def test_an_import_over_http(manager, community, http, sign):
    token = sign(community, "per_m", audience="property", roles=["property_manager"])
    files = {name: base64.b64encode(body).decode() for name, body in estate_of(3, 3).items()}
    checked = http("POST", "/property/imports/check", files, token=token)
    assert (checked.status, checked.body["state"]) == (200, "CHECKED")
    for number, (bad, code) in enumerate(
        [({}, "no_file"), ({"rooms": "!"}, "bad_base64"), ({"rooms": "QQ=="}, "unknown_column")]
    ):
        key = f"key-bad-{number:04}"
        refused = http("POST", "/property/imports", bad, token=token, idempotency_key=key)
        assert refused.code == code
    first, again = (
        http("POST", "/property/imports", files, token=token, idempotency_key="key-00000001")
        for _ in range(2)
    )
    assert first.status == 200
    assert first.body == again.body
    import_id = first.body["import_id"]
    assert ImportJob.count(community) == 1
    accepted = delivered(ImportAccepted(community, import_id))
    assert woken("import_estate", accepted) == {"batchItemFailures": []}
    shown = http("GET", f"/property/imports/{import_id}", token=token)
    assert shown.body["state"] == "COMPLETE"
    foreign = sign("com_x", "per_x", audience="property", roles=["property_manager"])
    assert http("GET", f"/property/imports/{import_id}", token=foreign).status == 404

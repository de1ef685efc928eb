import base64
import io
import zipfile
from collections.abc import Mapping
from datetime import date

import openpyxl
import pytest

from chalicelib.core import aws, sealing
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Conflict, Refusal, Unprocessable
from chalicelib.core.outbox import OutboxRow
from chalicelib.core.table import tables, tenant_key
from chalicelib.identity import public as identity
from chalicelib.identity.events import ImportAccepted
from chalicelib.identity.rules import sheets as rules
from chalicelib.identity.rules.people import Tie
from chalicelib.identity.rules.sheets import COLUMNS, RESIDENTS, ROOMS, Line
from chalicelib.identity.service import import_runs, importing, organisation, people, sheets
from chalicelib.identity.service.organisation import Place
from chalicelib.identity.tables.imports import ImportChunk, ImportJob
from chalicelib.identity.tables.organisation import Node, Unit
from chalicelib.identity.tables.people import Person, Residency
from functions import import_estate

ON = date(2026, 11, 21)
ROOM = {"building": "1号楼", "entrance": "1单元", "room": "101", "area": "89.37"}
OWNER = {
    "building": "1号楼",
    "entrance": "1单元",
    "room": "101",
    "name": "张三",
    "phone": "13812345678",
    "tie": "业主",
}
KID = {**OWNER, "name": "小明", "phone": "", "tie": "儿童", "guardian": "13812345678"}


def judged(rooms, residents=(), there=frozenset()):
    first = [Line(number, cells) for number, cells in enumerate(rooms, 2)]
    second = [Line(number, cells) for number, cells in enumerate(residents, 2)]
    return rules.verdict(first, second, there, ON)


def codes(rooms, residents=(), **there):
    return [(p.sheet, p.line, p.column, p.code) for p in judged(rooms, residents, **there).problems]


def test_a_good_estate_is_read():
    estate = judged([ROOM], [{**OWNER, "phone": "+86 138-1234-5678"}, KID])
    assert estate.problems == []
    assert estate.rooms[0].area == 8937
    owner, kid = estate.residents
    assert (owner.phone, owner.tie, kid.guardian) == ("13812345678", Tie.OWNER, "13812345678")


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("area", "0", "area_not_positive"),
        ("area", "0.00", "area_not_positive"),
        ("area", "-5", "area_not_positive"),
        ("area", "89.375", "bad_area"),
        ("area", "1e3", "bad_area"),
        ("area", "9999999", "bad_area"),
        ("area", "", "missing"),
        ("room", "=1+1", "formula"),
        ("room", "@SUM(A1)", "formula"),
        ("room", "＝cmd", "formula"),
        ("room", "1\u202e01", "bad_characters"),
        ("room", "1\x0001", "bad_characters"),
        ("room", "1\t01", "bad_characters"),
        ("room", "\u200b", "bad_characters"),
        ("building", "楼" * 61, "too_long"),
        ("building", "  ", "missing"),
    ],
)
def test_a_bad_cell_of_a_room_has_a_code(column, value, code):
    assert codes([{**ROOM, column: value}]) == [(ROOMS, 2, column, code)]


@pytest.mark.parametrize(
    ("changed", "column", "code"),
    [
        ({"phone": "12345"}, "phone", "bad_phone"),
        ({"phone": "+1 202 555 0100"}, "phone", "formula"),
        ({"id_number": "110105194912310021"}, "id_number", "bad_id_number"),
        ({"tie": "国王"}, "tie", "bad_tie"),
        ({"tie": "儿童"}, "guardian", "guardian_required"),
        ({"guardian": "13812345678"}, "guardian", "guardian_only_for_children"),
        ({"building": "9号楼"}, "building", "unknown_building"),
        ({"room": "999"}, "room", "unknown_room"),
        ({"name": "=HYPERLINK()"}, "name", "formula"),
        ({"name": ""}, "name", "missing"),
        ({"id_number": "11010520200101002X", "tie": "family"}, "id_number", "bad_id_number"),
    ],
)
def test_a_bad_cell_of_a_resident_has_a_code(changed, column, code):
    assert codes([ROOM], [{**OWNER, **changed}]) == [(RESIDENTS, 2, column, code)]


def test_ages_agree_with_ties():
    grown = {**KID, "id_number": "11010519491231002X"}
    assert codes([ROOM], [OWNER, grown]) == [(RESIDENTS, 3, "tie", "not_a_child")]


def test_what_is_wrong_between_lines():
    assert codes([ROOM, ROOM]) == [(ROOMS, 3, "room", "duplicate_room")]
    place = ("1号楼", "1单元", "101")
    assert codes([ROOM], there=frozenset({place})) == [(ROOMS, 2, "room", "room_exists")]
    assert codes([ROOM], [OWNER, OWNER]) == [(RESIDENTS, 3, "name", "duplicate_resident")]
    other = {**ROOM, "room": "102"}
    twin = {**OWNER, "room": "102", "name": "李四"}
    assert codes([ROOM, other], [OWNER, twin]) == [(RESIDENTS, 3, "phone", "person_differs")]
    lonely = {**KID, "guardian": "13912345678"}
    assert codes([ROOM], [OWNER, lonely]) == [(RESIDENTS, 3, "guardian", "unknown_guardian")]


def test_every_bad_line_is_reported():
    bad = [{**ROOM, "room": str(number), "area": "0"} for number in range(500)]
    assert [problem[1] for problem in codes(bad)] == list(range(2, 502))


def csv_of(sheet: str, *rows: dict[str, str], encoding: str = "utf-8") -> bytes:
    lines = [list(COLUMNS[sheet].values())]
    lines += [[row.get(column, "") for column in COLUMNS[sheet]] for row in rows]
    return "\r\n".join(",".join(line) for line in lines).encode(encoding)


def xlsx_of(sheet: str, *rows: Mapping[str, object]) -> bytes:
    book = openpyxl.Workbook()
    book.active.append(list(COLUMNS[sheet]))
    for row in rows:
        book.active.append([row.get(column) for column in COLUMNS[sheet]])
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_is_read_as_offices_write_it(encoding):
    (line,) = sheets.lines(ROOMS, csv_of(ROOMS, ROOM, encoding=encoding))
    assert (line.number, dict(line.cells)) == (2, ROOM)


def test_xlsx_is_read_with_figures_and_gaps():
    content = xlsx_of(ROOMS, {**ROOM, "room": 101, "area": 89.37}, {}, {**ROOM, "room": "=1+1"})
    first, second = sheets.lines(ROOMS, content)
    assert (first.number, dict(first.cells)) == (2, ROOM)
    assert second.number == 4
    assert codes([second.cells]) == [(ROOMS, 2, "room", "formula")]


def zipped(**parts: bytes) -> bytes:
    saved = io.BytesIO()
    with zipfile.ZipFile(saved, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/") + ".xml", content)
    return saved.getvalue()


def with_part(name: str, content: bytes = b"x") -> bytes:
    saved = io.BytesIO(xlsx_of(ROOMS, ROOM))
    with zipfile.ZipFile(saved, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return saved.getvalue()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (with_part("xl/vbaProject.bin"), "macros_not_allowed"),
        (with_part("xl/externalLinks/externalLink1.xml"), "macros_not_allowed"),
        (with_part("xl/media/bomb.png", bytes(90_000_000)), "archive_too_large"),
        (zipped(a=bytes(20_000_000)), "archive_too_large"),
        (zipped(a=b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x/>'), "unreadable_file"),
        (zipped(a='<?xml version="1.0"?><x/>'.encode("utf-16")), "unreadable_file"),
        (zipped(a=b"<x/>"), "unreadable_file"),
        (b"PK\x03\x04 and nothing more", "unreadable_file"),
        (xlsx_of(ROOMS, ROOM)[:-200], "unreadable_file"),
        (b"\xff\xfe\x00\x81\xff", "unreadable_file"),
        (b'"unclosed', "unreadable_file"),
        (b"", "missing_column"),
        ("楼栋,房号,面积".encode(), "missing_column"),
        ("楼栋,单元,房号,面积,公式".encode(), "unknown_column"),
        (bytes(4_000_001), "file_too_large"),
        (("楼栋,单元,房号,面积" + "\nA,1,1,1" * 10_001).encode(), "too_many_lines"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_file_that_could_harm_is_refused(content, code):
    with pytest.raises(Unprocessable, match=code):
        sheets.lines(ROOMS, content)


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
    assert refused.value.details[0]["code"] == "area_not_positive"
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
    assert callable(import_estate.handler)
    identity.write_import(ImportAccepted(community, import_id))
    shown = http("GET", f"/property/imports/{import_id}", token=token)
    assert shown.body["state"] == "COMPLETE"
    foreign = sign("com_x", "per_x", audience="property", roles=["property_manager"])
    assert http("GET", f"/property/imports/{import_id}", token=foreign).status == 404

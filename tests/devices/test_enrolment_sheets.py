"""Many devices from a sheet: all of them, or none and every reason why."""

import base64
import csv
import io
import threading
import uuid

import openpyxl
import pytest

from chalicelib.core import aws, context
from chalicelib.core import sheets as reading
from chalicelib.core.errors import Conflict
from chalicelib.core.once import Replayed
from chalicelib.core.table import table_name
from chalicelib.devices import public as devices
from chalicelib.devices.rules.sheets import COLUMNS
from chalicelib.devices.service import sheets
from chalicelib.devices.tables.registry import Device, DeviceSerial, serial_key
from tests.devices.conftest import event, row_of

GATE = {"kind": "人行门", "name": "东门", "place": "east", "new_place": "是"}


def csv_of(*rows, columns=tuple(COLUMNS), encoding="utf-8"):
    written = io.StringIO()
    lines = [[row.get(column, "") for column in columns] for row in rows]
    csv.writer(written).writerows([[COLUMNS[column] for column in columns], *lines])
    return written.getvalue().encode(encoding)


def xlsx_of(*rows):
    book = openpyxl.Workbook()
    book.active.append(list(COLUMNS))
    for row in rows:
        book.active.append([row.get(column) for column in COLUMNS])
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


def smoke(number, **changes):
    return {"kind": "烟感", "name": f"{number}号烟感", "serial": f"SM-{number}", **changes}


@pytest.fixture
def upload(http, grounds):
    def uploaded(content, *, check=False, key=None, role="property_manager", node=""):
        path = "/property/device-sheets" + ("/check" if check else "")
        body = {"sheet": base64.b64encode(content).decode()}
        token = grounds.staff(role, node)
        return http("POST", path, body, token=token, idempotency_key=key or uuid.uuid4().hex)

    return uploaded


def there(grounds):
    return list(Device.by_community.query(grounds.community))


def test_a_whole_floor_is_enrolled_and_every_device_is_heard(upload, signed, grounds):
    rows = [
        {**GATE, "place": "", "new_place": ""},
        smoke(1, building="1号楼", entrance="1单元", room="101", gateway="gw 1"),
        {"kind": "gateway", "name": "网关", "building": "1号楼", "serial": "GW1"},
    ]
    reply = upload(csv_of(*rows, encoding="gb18030"))
    assert (reply.status, reply.body["lines"], reply.body["problems"]) == (200, 3, [])
    made = reply.body["items"]
    assert [(one["line"], one["kind"]) for one in made] == [
        (2, "gate"),
        (3, "smoke_sensor"),
        (4, "gateway"),
    ]
    for one in made:
        device = devices.Enrolment(one["device_id"], one["kind"], one["key_id"], one["key"])
        beat = event(one["device_id"], type="device.heartbeat", data={})
        assert signed(device, beat).status == 200
    gate, sensor, gateway = (row_of(one["device_id"]) for one in made)
    assert (gate.place_id, gate.node_path) == (grounds.community, grounds.path)
    assert (sensor.node_path, sensor.gateway_id) == (grounds.unit, gateway.device_id)
    assert gateway.node_path == grounds.building


def test_one_bad_line_and_nothing_is_enrolled(upload, grounds):
    content = csv_of(GATE, {**GATE, "kind": "飞机"}, {**GATE, "building": "9号楼"})
    wanted = [
        {"sheet": "devices", "line": 3, "column": "kind", "code": "unknown_kind"},
        {"sheet": "devices", "line": 4, "column": "building", "code": "unknown_building"},
    ]
    checked = upload(content, check=True)
    assert (checked.status, checked.body["problems"]) == (200, wanted)
    reply = upload(content)
    assert (reply.status, reply.code, reply.body["details"]) == (422, "bad_lines", wanted)
    assert there(grounds) == []


def test_a_sheet_without_a_line_is_none(upload, grounds):
    """Newcomer's trial 8."""
    for check in (True, False):
        reply = upload(csv_of(), check=check)
        assert (reply.status, reply.code) == (422, "empty_sheet")
    assert there(grounds) == []


def test_a_place_that_is_nowhere_is_a_bad_cell(upload, grounds):
    """Newcomer's trial 9."""
    typo = {**GATE, "place": "eats", "new_place": ""}
    reply = upload(csv_of(GATE, typo), check=True)
    assert [(one["line"], one["code"]) for one in reply.body["problems"]] == [(3, "unknown_place")]
    assert upload(csv_of(GATE)).status == 200
    assert upload(csv_of({**typo, "place": "east"}), check=True).body["problems"] == []


def test_a_check_writes_nothing(upload, grounds):
    reply = upload(csv_of(GATE, smoke(1)), check=True)
    assert reply.body == {"lines": 2, "problems": [], "items": []}
    assert there(grounds) == []


def test_a_serial_number_that_is_there_is_a_bad_line(upload, grounds):
    assert upload(csv_of(smoke(1))).status == 200
    reply = upload(csv_of(smoke(2), smoke(1)))
    assert [one["code"] for one in reply.body["details"]] == ["serial_taken"]
    assert len(there(grounds)) == 1


def test_five_hundred_devices_at_once_and_not_one_more(upload, grounds):
    rows = [smoke(number, building="1号楼", entrance="1单元") for number in range(500)]
    reply = upload(xlsx_of(*rows))
    assert reply.status == 200, reply.body
    assert len({one["key"] for one in reply.body["items"]}) == 500
    listed = Device.by_node.query(grounds.community, Device.node_key.startswith(grounds.building))
    assert len(list(listed)) == 500
    more = upload(xlsx_of(*rows, smoke(500)))
    assert (more.status, more.code) == (422, "too_many_lines")


def test_the_same_request_again_gets_the_same_answer_and_makes_nothing(upload, grounds):
    content, key = csv_of(*(smoke(number) for number in range(40))), uuid.uuid4().hex
    first = upload(content, key=key)
    assert upload(content, key=key).body == first.body
    assert len(there(grounds)) == 40
    other = upload(csv_of(GATE), key=key)
    assert (other.status, other.code) == (409, "idempotency_key_reused")
    assert len(there(grounds)) == 40


def test_a_request_that_was_cut_off_goes_on_where_it_was(grounds):
    content = csv_of(*(smoke(number) for number in range(70)))
    wanted = context.Once(grounds.community, "per_wang", "key-of-a-sheet", "print")
    lines = reading.lines(sheets.FORM, content)
    with context.serving("cut", wanted):
        batch = sheets.batch_of(content)
        plan = sheets._judged(grounds.caller(), lines, batch)
        with context.serving("cut"):
            sheets._write(grounds.community, batch, plan.devices[: sheets.CHUNK])
    before = {one.device_id: row_of(one.device_id).keys for one in there(grounds)}
    assert len(before) == sheets.CHUNK
    with context.serving("again", wanted):
        done = sheets.accept(grounds.caller(), content)
    assert len(done.items) == len(there(grounds)) == 70
    assert all(row_of(device_id).keys == kept for device_id, kept in before.items())


def test_copies_of_a_request_at_once_enrol_each_device_once(grounds):
    content = csv_of(*(smoke(number) for number in range(40)), *([GATE] * 5))
    ended: list[int | str] = []

    def run():
        wanted = context.Once(grounds.community, "per_wang", "key-of-a-race", "print")
        with context.serving("race", wanted):
            try:
                ended.append(len(sheets.accept(grounds.caller(), content).items))
            except (Replayed, Conflict) as known:
                ended.append(type(known).__name__)

    racing = [threading.Thread(target=run) for _ in range(8)]
    for one in racing:
        one.start()
    for one in racing:
        one.join()
    assert ended.count(45) == 1, ended
    assert len(there(grounds)) == 45
    claim = DeviceSerial.find(serial_key(grounds.community, "SM-7"))
    assert claim is not None
    assert row_of(claim.device_id).serial == "SM-7"


def test_staff_of_one_building_enrol_into_that_building(upload, grounds):
    mine = grounds.building
    row = smoke(1, building="2号楼")
    assert upload(csv_of(row), node=mine).body["details"][0]["code"] == "unknown_building"
    assert upload(csv_of(GATE), node=mine).status == 422  # the estate is not theirs
    assert upload(csv_of(smoke(1, building="1号楼")), node=mine).status == 200
    assert upload(csv_of(GATE), role="guard").code == "not_permitted"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "missing_column"),
        (b"\xff\xfe\x00\x01", "unreadable_file"),
        (b"PK\x03\x04broken", "unreadable_file"),
        ("名称\n东门\n".encode(), "missing_column"),
        ("类型,名称,密码\n".encode(), "unknown_column"),
        (b"x" * 3_000, "unknown_column"),
    ],
)
def test_a_file_that_is_no_sheet(upload, grounds, content, code):
    reply = upload(content or b"\n")
    assert (reply.status, reply.code) == (422, code)
    assert there(grounds) == []


def test_base64_that_is_none(http, grounds):
    path, token = "/property/device-sheets/check", grounds.staff()
    assert http("POST", path, {"sheet": "不是"}, token=token).code == "bad_base64"
    assert http("POST", path, {"sheet": "x" * 1_400_001}, token=token).code == "invalid_request"


def test_only_the_needed_columns_are_needed(upload):
    content = csv_of(GATE, columns=("name", "kind"))
    assert upload(content, check=True).body["problems"] == []


class Replica:
    """DynamoDB as a replica answers for it that has not heard of the last devices of a batch.

    A consistent read finds them all, unless they are `gone`.
    """

    def __init__(self, lost, *, gone=False):
        self.lost, self.gone = lost, gone
        self.whole = aws.client("dynamodb")

    def _make_api_call(self, operation, asked):
        answer = self.whole._make_api_call(operation, asked)
        for table, wanted in asked["RequestItems"].items() if operation == "BatchGetItem" else ():
            if table == table_name("devices") and (self.gone or not wanted.get("ConsistentRead")):
                del answer["Responses"][table][-self.lost :]
        return answer

    def __getattr__(self, name):
        return getattr(self.whole, name)


def other_services():
    return {name: aws.client(name) for name in ("sqs", "s3", "events")}


def test_no_line_is_missing_from_an_answer_whatever_replica_is_asked(upload, grounds):
    content, key = csv_of(*(smoke(number) for number in range(5))), uuid.uuid4().hex
    with aws.using({"dynamodb": Replica(2), **other_services()}):
        first = upload(content, key=key)
        assert [bool(one["key"]) for one in first.body["items"]] == [True] * 5
        assert upload(content, key=key).body == first.body


def test_a_line_without_its_device_is_an_error_and_not_left_out(upload, grounds):
    content, key = csv_of(smoke(1), smoke(2)), uuid.uuid4().hex
    with aws.using({"dynamodb": Replica(1, gone=True), **other_services()}):
        assert upload(content, key=key).status == 500
    assert [bool(one["key"]) for one in upload(content, key=key).body["items"]] == [True] * 2

"""Devices come, move, get other hardware and go; each step over HTTP, as the manager does it."""

import base64
import json
import uuid

import pytest

from chalicelib.core.once import OnceRecord
from chalicelib.core.outbox import OutboxRow
from chalicelib.devices import public as devices
from chalicelib.devices.rules.commands import Hello
from chalicelib.devices.tables.registry import Device, note_hello
from tests.devices.conftest import event, row_of


@pytest.fixture
def ask(http, grounds):
    """Ask as the manager, or as `token`; POSTs carry a key of their own unless one is given."""

    def asked(method, path, body=None, *, token=None, key=None, **headers):
        return http(
            method,
            path,
            body,
            token=token or grounds.staff(),
            idempotency_key=key or uuid.uuid4().hex,
            **headers,
        )

    return asked


def enrolled(ask, **changes):
    body = {"kind": "gate", "name": "东门", "place_id": "east", "new_place": True, **changes}
    reply = ask("POST", "/property/devices", body)
    assert reply.status == 200, reply.body
    return devices.Enrolment(**reply.body)


def facts(community, name):
    return [
        json.loads(row.body)
        for row in OutboxRow.scan()
        if row.community_id == community and row.name == f"devices.{name}"
    ]


def test_an_enrolled_device_is_heard_at_once_and_its_key_is_shown_once(ask, signed, grounds):
    gate = enrolled(ask, serial="S 1", vendor="海康威视", warranty_until="2028-06-30")
    assert signed(gate, event(gate.device_id, type="device.heartbeat", data={})).status == 200
    shown = ask("GET", f"/property/devices/{gate.device_id}").body
    assert (shown["node_path"], shown["standing"]) == (grounds.path, "in_service")
    assert (shown["serial"], shown["warranty_until"]) == ("S 1", "2028-06-30")
    assert shown["keys"] == [{"key_id": "k1", "algorithm": "hmac", "signs_commands": True}]
    assert gate.key not in json.dumps(shown)
    (fact,) = facts(grounds.community, "DeviceEnrolled")
    assert (fact["device_id"], fact["place_id"]) == (gate.device_id, "east")


def test_a_lost_answer_comes_again_and_the_key_lies_nowhere_in_the_clear(ask, grounds):
    body, key = (
        {"kind": "gate", "name": "东门", "place_id": "east", "new_place": True},
        uuid.uuid4().hex,
    )
    first = ask("POST", "/property/devices", body, key=key).body
    assert ask("POST", "/property/devices", body, key=key).body == first
    record = OnceRecord.find(f"{grounds.community}#per_wang#{key}")
    assert record is not None
    assert first["key"] not in json.dumps(record.answer)
    assert first["key"] not in json.dumps(row_of(first["device_id"]).keys)
    ask("POST", f"/property/devices/{first['device_id']}/swap", {})
    assert ask("POST", "/property/devices", body, key=key).body["key"] == ""  # withdrawn: gone


def test_a_place_that_is_nowhere_is_refused_and_one_is_founded_knowingly(ask, grounds):
    """Newcomer's trial 9: a typing error put a device nowhere."""
    body = {"kind": "gate", "name": "东门", "place_id": "east"}
    reply = ask("POST", "/property/devices", body)
    assert (reply.status, reply.code) == (422, "unknown_place")
    first = enrolled(ask)  # `new_place`
    second = enrolled(ask, new_place=False)
    assert row_of(second.device_id).place_id == "east"
    path = f"/property/devices/{second.device_id}"
    assert ask("PUT", path, {"name": "x", "place_id": "eats"}).code == "unknown_place"
    ask("POST", f"/property/devices/{first.device_id}/retire")
    assert ask("PUT", path, {"name": "x", "place_id": "east"}).status == 200


def test_a_node_or_flat_is_a_place_and_the_default(ask, grounds):
    flat = grounds.unit.rpartition("/")[2]
    for changes, place in (
        ({"place_id": flat}, flat),
        ({"place_id": None}, grounds.community),
        ({"place_id": None, "node_path": grounds.unit}, flat),
    ):
        made = enrolled(ask, new_place=False, **changes)
        assert row_of(made.device_id).place_id == place


def test_staff_of_one_building_found_no_place_that_is_elsewhere(ask, grounds):
    enrolled(ask, place_id="lift-2", node_path=grounds.other)
    mine = grounds.staff(node=grounds.building)
    for place in ("lift-2", grounds.other.rpartition("/")[2]):
        body = {"kind": "gate", "name": "门", "place_id": place, "new_place": True}
        reply = ask("POST", "/property/devices", body, token=mine)
        assert (reply.status, reply.code) == (422, "unknown_place")


def test_a_serial_number_is_one_devices_only(ask):
    enrolled(ask, serial="AB 12")
    body = {"kind": "gate", "name": "西门", "place_id": "west", "new_place": True, "serial": "ab12"}
    reply = ask("POST", "/property/devices", body)
    assert (reply.status, reply.code) == (409, "serial_taken")


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"kind": "spaceship"}, 400, "invalid_request"),
        ({"name": ""}, 400, "invalid_request"),
        ({"name": "x\u202e"}, 400, "invalid_request"),
        ({"place_id": "东门", "new_place": True}, 400, "invalid_request"),
        ({"device_id": "mine"}, 400, "invalid_request"),
        ({"public_key": "c2hvcnQ="}, 400, "invalid_request"),
        ({"warranty_until": "soon"}, 400, "invalid_request"),
        ({"node_path": "nowhere"}, 404, "no_such_node"),
        ({"gateway_id": "dev_none"}, 404, "no_such_gateway"),
    ],
)
def test_what_cannot_be_enrolled(ask, grounds, changes, status, code):
    body = {"kind": "gate", "name": "东门", "place_id": "east", "new_place": True, **changes}
    reply = ask("POST", "/property/devices", body)
    assert (reply.status, reply.code) == (status, code)
    assert list(Device.by_community.query(grounds.community)) == []


def test_a_gateway_speaks_through_no_other(ask):
    first, second = (enrolled(ask, kind="gateway", name=name) for name in ("一", "二"))
    body = {
        "kind": "gateway",
        "name": "三",
        "place_id": "x",
        "new_place": True,
        "gateway_id": first.device_id,
    }
    reply = ask("POST", "/property/devices", body)
    assert (reply.status, reply.code) == (422, "gateway_behind_gateway")
    for gateway, code in ((first, "gateway_behind_gateway"), (second, "own_gateway")):
        moved = {"name": "二", "place_id": "x", "new_place": True, "gateway_id": gateway.device_id}
        reply = ask("PUT", f"/property/devices/{second.device_id}", moved)
        assert (reply.status, reply.code) == (422, code)


def test_a_gateway_that_the_caller_does_not_see_is_none(ask, grounds):
    gateway = enrolled(ask, kind="gateway", name="网关", node_path=grounds.path)
    body = {
        "kind": "meter",
        "name": "水表",
        "place_id": "101",
        "new_place": True,
        "gateway_id": gateway.device_id,
    }
    confined = grounds.staff(node=grounds.building)
    reply = ask("POST", "/property/devices", body, token=confined)
    assert (reply.status, reply.code) == (404, "no_such_gateway")


def test_a_device_speaks_through_a_gateway_and_through_nothing_else(ask):
    gate = enrolled(ask)
    body = {
        "kind": "meter",
        "name": "水表",
        "place_id": "101",
        "new_place": True,
        "gateway_id": gate.device_id,
    }
    assert ask("POST", "/property/devices", body).code == "no_such_gateway"
    gateway = enrolled(ask, kind="gateway", name="网关")
    meter = enrolled(ask, kind="meter", name="水表", gateway_id=gateway.device_id)
    busy = ask("POST", f"/property/devices/{gateway.device_id}/retire")
    assert (busy.status, busy.code) == (422, "gateway_in_use")
    moved = {"name": "水表", "place_id": "101", "new_place": True}
    assert ask("PUT", f"/property/devices/{meter.device_id}", moved).body["gateway_id"] is None
    assert ask("POST", f"/property/devices/{gateway.device_id}/retire").status == 200
    self_reference = {
        "name": "x",
        "place_id": "x",
        "new_place": True,
        "gateway_id": gateway.device_id,
    }
    again = ask("PUT", f"/property/devices/{meter.device_id}", self_reference)
    assert (again.status, again.code) == (404, "no_such_gateway")


def test_a_device_is_listed_where_it_stands(ask, grounds):
    gate = enrolled(ask)
    path = f"/property/devices/{gate.device_id}"
    body = {"name": "1号楼门", "place_id": "hall", "new_place": True, "node_path": grounds.unit}
    assert ask("PUT", path, body).body["node_path"] == grounds.unit
    door = enrolled(ask, kind="door", place_id="hall", node_path=grounds.other)

    def listed(query):
        page = ask("GET", f"/property/devices?{query}").body
        return {one["device_id"] for one in page["items"]}

    both = {gate.device_id, door.device_id}
    assert listed("") == listed("place_id=hall") == listed(f"under={grounds.path}") == both
    assert listed(f"under={grounds.building}") == {gate.device_id}
    assert listed(f"under={grounds.building}&kind=door") == set()
    assert listed("kind=door") == listed("place_id=hall&kind=door") == {door.device_id}
    assert listed(f"place_id=hall&under={grounds.other}") == {door.device_id}
    assert listed("place_id=east") == set()
    assert ask("GET", f"/property/devices?under={grounds.path}x").code == "no_such_node"


def test_staff_of_one_building_see_and_change_nothing_of_another(ask, grounds):
    gate = enrolled(ask, node_path=grounds.building)
    far = enrolled(ask, node_path=grounds.other)
    mine = grounds.staff(node=grounds.building)
    page = ask("GET", "/property/devices", token=mine).body
    assert [one["device_id"] for one in page["items"]] == [gate.device_id]
    path = f"/property/devices/{far.device_id}"
    for method, where, body in (
        ("GET", "", None),
        ("PUT", "", {"name": "x", "place_id": "x", "new_place": True}),
        ("POST", "/keys", {}),
        ("POST", "/keys/k1/withdraw", None),
        ("POST", "/swap", {}),
        ("POST", "/retire", None),
    ):
        assert ask(method, path + where, body, token=mine).status == 404, (method, where)
    under = f"/property/devices?under={grounds.other}"
    assert ask("GET", under, token=mine).code == "no_such_node"
    moved = {"name": "x", "place_id": "x", "new_place": True, "node_path": grounds.other}
    assert ask("PUT", f"/property/devices/{gate.device_id}", moved, token=mine).status == 404
    assert row_of(far.device_id).version == 1


def test_a_guard_looks_and_does_not_touch(ask, grounds):
    gate = enrolled(ask)
    guard, path = grounds.staff("guard"), f"/property/devices/{gate.device_id}"
    assert ask("GET", path, token=guard).status == 200
    for where in ("/keys", "/swap", "/retire"):
        assert ask("POST", path + where, {}, token=guard).code == "not_permitted"


def test_swapped_hardware_keeps_the_id_and_nothing_else(ask, signed, grounds):
    old = enrolled(ask, serial="OLD-1", vendor="A", firmware="1.0")
    note_hello(old.device_id, Hello("s1", 900, 5), 1_000)
    row_of(old.device_id).update(actions=[Device.silence_s.set(86_400)])
    reply = ask("POST", f"/property/devices/{old.device_id}/swap", {"serial": "NEW-1"})
    new = devices.Enrolment(**reply.body)
    assert (new.device_id, new.key_id) == (old.device_id, "k2")
    beat = event(old.device_id, type="device.heartbeat", data={})
    assert signed(new, beat).status == 200
    assert signed(old, event(old.device_id)).code == "bad_signature"
    row = row_of(old.device_id)
    assert (row.serial, row.hardware, row.boot) == ("NEW-1", 2, 0)
    assert not any((row.vendor, row.firmware, row.session, row.silence_s))
    (fact,) = facts(grounds.community, "DeviceSwapped")
    assert (fact["old_serial"], fact["new_serial"]) == ("OLD-1", "NEW-1")
    assert fact["swapped_by"] == "per_wang"
    enrolled(ask, serial="OLD-1")  # it may serve elsewhere
    taken = ask("POST", f"/property/devices/{old.device_id}/swap", {"serial": "old-1"})
    assert (taken.status, taken.code) == (409, "serial_taken")
    same = ask("POST", f"/property/devices/{old.device_id}/swap", {"serial": "new-1"})
    assert (same.status, same.body["key_id"]) == (200, "k3")


def test_a_retired_device_is_a_record_and_nothing_more(ask, signed, grounds):
    gate = enrolled(ask, serial="R-1")
    path = f"/property/devices/{gate.device_id}"
    gone = ask("POST", f"{path}/retire")
    assert (gone.status, gone.body["standing"], gone.body["keys"]) == (200, "retired", [])
    assert signed(gate, event(gate.device_id)).status == 401
    assert devices.device_at(grounds.community, "east", devices.Kind.GATE) is None
    assert ask("GET", "/property/devices").body["items"] == []
    kept = ask("GET", f"/property/devices?retired=true&under={grounds.path}").body["items"]
    assert [one["device_id"] for one in kept] == [gate.device_id]
    assert ask("GET", path).body["retired_at"]
    moved = {"name": "x", "place_id": "x", "new_place": True}
    for method, where, body in (("PUT", "", moved), ("POST", "/keys", {}), ("POST", "/swap", {})):
        assert ask(method, path + where, body).code == "no_such_device"
    assert ask("POST", f"{path}/retire").body == gone.body  # its answer may have been lost
    assert len(facts(grounds.community, "DeviceRetired")) == 1
    enrolled(ask, serial="R-1")


def test_the_catalogue_says_what_each_kind_can(ask):
    kinds = {one["kind"]: one for one in ask("GET", "/property/device-kinds").body["items"]}
    assert set(kinds) == {kind.value for kind in devices.Kind}
    assert {"name": "gate.open", "void_after_s": 5} in kinds["gate"]["understands"]
    assert kinds["smoke_sensor"]["offline"] == "local_alarm"
    assert "smoke.detected" in kinds["smoke_sensor"]["reports"]
    assert {"name": "weight", "unit": "kg"} in kinds["bin"]["measures"]


def test_a_device_with_a_public_key_only_reports_and_has_no_secret(ask):
    public = base64.b64encode(bytes(range(32))).decode()
    meter = enrolled(ask, kind="meter", public_key=public)
    assert meter.key == ""
    shown = ask("GET", f"/property/devices/{meter.device_id}").body["keys"]
    assert shown == [{"key_id": "k1", "algorithm": "ed25519", "signs_commands": False}]
    assert devices.account(meter.device_id) is None

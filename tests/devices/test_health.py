"""Devices' health on the real engine: what staff see and do, and what others are told."""

import json
from datetime import datetime, timedelta

import pytest

from chalicelib.core import clock, outbox
from chalicelib.core.table import tenant_key
from chalicelib.devices import public as devices
from chalicelib.devices.rules.catalogue import Kind
from chalicelib.devices.rules.uplink import Reported
from chalicelib.devices.service import health, state
from chalicelib.devices.service.recording import HEARERS
from chalicelib.devices.tables.faults import DeviceMonth
from chalicelib.devices.tables.health import DeviceHealth
from tests.devices.conftest import row_of

AT = clock.now().replace(microsecond=0)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def barrier(grounds):
    plate = devices.Hardware(vendor="海康", model="B-1", serial=f"S-{grounds.community}")
    return devices.enrol(
        grounds.community,
        Kind.BARRIER,
        place_id="east",
        name="道闸",
        node_path=grounds.building,
        hardware=plate,
    )


@pytest.fixture
def ask(http, grounds):
    def send(method, path, body=None, *, role="property_manager", node="", at=None):
        at = at or clock.now()
        token = grounds.sign(
            grounds.community,
            "per_wang",
            audience="property",
            roles=[role],
            node=node or grounds.path,
            exp=int(at.timestamp()) + 600,
        )
        with clock.standing_at(at):
            return http(method, f"/property/{path}", body, token=token)

    return send


def hear(device, type_="device.heartbeat", at=AT, sequence=1, **data):
    row = row_of(device.device_id)
    event = Reported(f"e_{sequence}", type_, at, 1, sequence, data)
    with clock.standing_at(at):
        state.observe(row, event, at)
        health.heard(row, event, at)


def look(device, at: datetime) -> None:
    """Look at one device, as the sweep does when it is due."""
    community = row_of(device.device_id).community_id
    with clock.standing_at(at):
        health._look(tenant_key(community, device.device_id))


def gone(device) -> datetime:
    """Let a device speak once, and then be silent until it has its order."""
    hear(device)
    look(device, AT + 10 * MINUTE)
    return AT + 10 * MINUTE


def told(community: str) -> list[tuple[str, str]]:
    rows = outbox.OutboxRow.scan(outbox.OutboxRow.community_id == community)
    said = [(row.name.partition(".")[2], json.loads(row.body)) for row in sorted(rows, key=_moment)]
    return [(name, body["fault"]) for name, body in said if "Fault" in name]


def _moment(row: outbox.OutboxRow) -> float:
    return row.at


def shown(ask, device, **options):
    return ask("GET", f"devices/{device.device_id}/health", **options).body


def test_a_device_that_never_spoke_is_not_missed(barrier, ask):
    before = shown(ask, barrier)
    assert (before["state"], before["seen_at"], before["faults"]) == (None, None, [])
    assert (before["expected_s"], before["vendor"], before["keys_made"]) == (60, "海康", 1)
    assert ask("GET", "device-health").body["items"] == []


def test_silence_becomes_one_order_that_people_take_to_its_end(barrier, ask, grounds):
    at = gone(barrier)
    (course,) = shown(ask, barrier)["faults"]
    assert (course["fault"], course["state"]) == ("offline", "TICKETED")
    path = f"devices/{barrier.device_id}/faults"
    (order,) = ask("GET", path).body["items"]
    assert (order["fault_id"], order["vendor"]) == (course["fault_id"], "海康")

    path, note = f"{path}/{order['fault_id']}", {"note": "断电，已恢复"}
    for _ in range(2):
        begun = ask("POST", f"{path}/repairing", note, role="worker", at=at + MINUTE / 2)
        assert (begun.status, begun.body["state"]) == (200, "REPAIRING")
    assert (begun.body["moved_by"], begun.body["note"]) == ("per_wang", "断电，已恢复")
    hear(barrier, at=at + MINUTE, sequence=2)
    assert shown(ask, barrier)["state"] == "REPAIRING"
    for _ in range(2):
        done = ask("POST", f"{path}/repaired", note, role="worker", at=at + 2 * MINUTE)
        assert (done.status, done.body["state"]) == (200, "VERIFYING")
    for number in range(3, 14):
        hear(barrier, at=at + number * MINUTE, sequence=number)
    assert shown(ask, barrier)["state"] == "ONLINE"
    closed = ask("POST", f"{path}/repairing", note)
    assert (closed.status, closed.code) == (422, "fault_closed")
    (order,) = ask("GET", f"devices/{barrier.device_id}/faults").body["items"]
    assert order["outcome"] == "repaired"
    assert told(grounds.community) == [
        ("DeviceFaultOpened", "offline"),
        ("DeviceFaultMoved", "offline"),
        ("DeviceFaultMoved", "offline"),
        ("DeviceFaultCleared", "offline"),
    ]


def test_what_cannot_be_done_with_an_order_is_said(barrier, ask):
    at = gone(barrier)
    (order,) = ask("GET", f"devices/{barrier.device_id}/faults").body["items"]
    path, note = f"devices/{barrier.device_id}/faults", {"note": "看过了"}
    none = ask("POST", f"{path}/fault_none/repairing", note)
    assert (none.status, none.code) == (404, "no_such_fault")
    ask("POST", f"{path}/{order['fault_id']}/repaired", note, at=at)
    late = ask("POST", f"{path}/{order['fault_id']}/repairing", note, at=at)
    assert (late.status, late.code) == (422, "no_such_move")
    assert ask("POST", f"{path}/{order['fault_id']}/repaired", {}, at=at).status == 400


def test_a_false_alarm_ends_the_order_and_counts_for_its_vendor(barrier, ask):
    at = gone(barrier)
    (order,) = ask("GET", f"devices/{barrier.device_id}/faults").body["items"]
    path = f"devices/{barrier.device_id}/faults/{order['fault_id']}/false-alarm"
    for _ in range(2):
        said = ask("POST", path, {"note": "网络割接"}, at=at)
        assert (said.status, said.body["outcome"]) == (200, "false_alarm")
    assert shown(ask, barrier)["state"] == "ONLINE"
    month = f"{AT.astimezone(clock.now().tzinfo):%Y-%m}"
    report = ask("GET", f"device-report?month={month}", at=at).body
    (worth,) = [one for one in report["items"] if one["vendor"] == "海康"]
    assert (worth["devices"], worth["faults"], worth["false_alarms"]) == (1, 1, 1)
    assert (worth["false_alarm_ratio"], worth["watched_s"]) == (1.0, 600)
    assert (worth["idle"], worth["unheard"]) == (1, 0)


def test_the_report_counts_hours_uses_and_what_never_spoke(barrier, ask, grounds):
    devices.enrol(grounds.community, Kind.BARRIER, place_id="west", name="西门道闸")
    hear(barrier)
    hear(barrier, "barrier.moved", sequence=2, position="up")
    end = AT + timedelta(hours=2)
    look(barrier, AT + timedelta(hours=1))
    hear(barrier, at=end, sequence=3)
    found = DeviceMonth.query(tenant_key(grounds.community, f"{AT + timedelta(hours=8):%Y-%m}"))
    (row,) = list(found)
    assert (row.down_ms, row.used) == (2 * 3_600_000, True)
    report = ask("GET", f"device-report?month={AT + timedelta(hours=8):%Y-%m}", at=end).body
    named, nameless = sorted(report["items"], key=lambda one: one["vendor"], reverse=True)
    assert (named["uptime"], named["down_s"], named["idle"]) == (0.0, 7_200, 0)
    assert (nameless["devices"], nameless["unheard"], nameless["idle_ratio"]) == (0, 1, 1.0)
    ahead = ask("GET", "device-report?month=2099-12")
    assert (ahead.status, ahead.code) == (422, "month_ahead")
    assert ask("GET", "device-report?month=2026-13").status == 400


def test_maintenance_raises_nothing_and_ends_by_itself(barrier, ask, grounds):
    hear(barrier)
    path = f"devices/{barrier.device_id}/maintenance"
    wish = {"until": (AT + 60 * MINUTE).isoformat(), "reason": "更换电机"}
    said = ask("POST", path, wish, at=AT)
    assert (said.status, said.body["state"]) == (200, "MAINTENANCE")
    assert (said.body["maintained_by"], said.body["maintained_why"]) == ("per_wang", "更换电机")
    assert row_of(barrier.device_id).standing == "maintenance"
    look(barrier, AT + 30 * MINUTE)
    assert told(grounds.community) == []
    look(barrier, AT + 61 * MINUTE)
    assert shown(ask, barrier)["state"] == "ONLINE"
    after = row_of(barrier.device_id)
    assert after.standing == "in_service"
    assert after.maintained_until is None
    look(barrier, AT + 70 * MINUTE)
    assert told(grounds.community) == [("DeviceFaultOpened", "offline")]


def test_maintenance_may_end_early_and_has_limits(barrier, ask):
    path = f"devices/{barrier.device_id}/maintenance"

    def wish(until):
        body = {"until": until.isoformat() if until else None, "reason": "检修"}
        return ask("POST", path, body, at=AT)

    assert wish(AT + MINUTE).body["state"] == "MAINTENANCE"
    assert wish(None).body["state"] is None, "it never spoke"
    assert wish(None).status == 200
    assert (wish(AT).status, wish(AT).code) == (422, "window_over")
    assert wish(AT + timedelta(days=31)).code == "window_too_long"


def test_faults_during_a_maintenance_are_not_lost(barrier, ask, grounds):
    hear(barrier)
    wish = {"until": (AT + 60 * MINUTE).isoformat(), "reason": "检修"}
    ask("POST", f"devices/{barrier.device_id}/maintenance", wish, at=AT)
    hear(barrier, "device.fault", at=AT + 62 * MINUTE, sequence=2, code="motor")
    assert told(grounds.community) == []
    look(barrier, AT + 62 * MINUTE)
    assert told(grounds.community) == [("DeviceFaultOpened", "reported/motor")]


def test_a_silent_gateway_is_one_order_and_names_its_children(ask, grounds):
    community = grounds.community
    gateway = devices.enrol(community, Kind.GATEWAY, place_id="b1", name="网关")
    lamps = [
        devices.enrol(community, Kind.DOOR, place_id="b1", name="门", gateway_id=gateway.device_id)
        for _ in range(3)
    ]
    for one in (gateway, *lamps):
        hear(one)
    for one in (*lamps, gateway, *lamps):
        look(one, AT + 10 * MINUTE)
    assert told(community) == [("DeviceFaultOpened", "offline")]
    seen = shown(ask, gateway)
    assert seen["silent_children"] == sorted(lamp.device_id for lamp in lamps)
    (course,) = shown(ask, lamps[0])["faults"]
    assert (course["state"], course["under"]) == ("OFFLINE", gateway.device_id)
    assert course["fault_id"] is None


def test_what_stands_behind_a_gateway_in_maintenance_is_not_blamed(ask, grounds):
    community = grounds.community
    gateway = devices.enrol(community, Kind.GATEWAY, place_id="b1", name="网关")
    door = devices.enrol(
        community, Kind.DOOR, place_id="b1", name="门", gateway_id=gateway.device_id
    )
    for one in (gateway, door):
        hear(one)
    wish = {"until": (AT + 60 * MINUTE).isoformat(), "reason": "检修"}
    ask("POST", f"devices/{gateway.device_id}/maintenance", wish, at=AT)
    hear(gateway, at=AT + 9 * MINUTE, sequence=2)
    look(door, AT + 10 * MINUTE)
    assert told(community) == []
    look(gateway, AT + 61 * MINUTE)
    for minute in (61, 62, 66):
        hear(gateway, at=AT + minute * MINUTE, sequence=minute)
        look(door, AT + minute * MINUTE)
    assert told(community) == [("DeviceFaultOpened", "offline")], "its gateway is back"


def test_devices_are_listed_by_state_page_by_page_within_ones_part(barrier, ask, grounds):
    others = [
        devices.enrol(grounds.community, Kind.GATE, place_id=f"g{n}", name="门") for n in range(4)
    ]
    for one in (barrier, *others):
        hear(one)
    look(barrier, AT + 10 * MINUTE)
    (silent,) = ask("GET", "device-health?state=TICKETED").body["items"]
    assert (silent["device_id"], silent["name"]) == (barrier.device_id, "道闸")
    assert [one["fault"] for one in silent["faults"]] == ["offline"]
    seen, after = [], ""
    while True:
        page = ask("GET", f"device-health?state=ONLINE&limit=2{after}").body
        seen += [item["device_id"] for item in page["items"]]
        if page["next"] is None:
            break
        after = f"&cursor={page['next']}"
    assert seen == sorted(one.device_id for one in others)
    confined = ask("GET", "device-health", node=grounds.building).body["items"]
    assert [one["device_id"] for one in confined] == [barrier.device_id]
    assert ask("GET", "device-health", node=grounds.other).body["items"] == []
    wrong = ask("GET", f"device-health?state=TICKETED{after}")
    assert (wrong.status, wrong.code) == (400, "bad_cursor")


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("worker", {"health", "faults", "repairing", "repaired"}),
        ("guard", {"health", "faults"}),
        ("property_clerk", set()),
    ],
)
def test_who_may_do_what(barrier, ask, role, allowed):
    path, note = f"devices/{barrier.device_id}", {"note": "看过了"}
    window = {"until": None, "reason": "检修"}
    replies = {
        "health": ask("GET", f"{path}/health", role=role),
        "faults": ask("GET", f"{path}/faults", role=role),
        "repairing": ask("POST", f"{path}/faults/f/repairing", note, role=role),
        "repaired": ask("POST", f"{path}/faults/f/repaired", note, role=role),
        "false-alarm": ask("POST", f"{path}/faults/f/false-alarm", note, role=role),
        "maintenance": ask("POST", f"{path}/maintenance", window, role=role),
        "report": ask("GET", "device-report?month=2026-01", role=role),
    }
    assert {name for name, reply in replies.items() if reply.status != 403} == allowed


def test_anothers_device_is_none(http, sign, barrier, ask, grounds):
    gone(barrier)
    (order,) = ask("GET", f"devices/{barrier.device_id}/faults").body["items"]
    token = sign("com_other", audience="property", roles=["property_manager"])
    path = f"/property/devices/{barrier.device_id}"
    for method, leaf, body in (
        ("GET", "health", None),
        ("GET", "faults", None),
        ("POST", "maintenance", {"until": None, "reason": "检修"}),
        ("POST", f"faults/{order['fault_id']}/false-alarm", {"note": "看过了"}),
    ):
        reply = http(method, f"{path}/{leaf}", body, token=token)
        assert (reply.status, reply.code) == (404, "no_such_device")
    assert ask("GET", f"devices/{barrier.device_id}/health", node=grounds.other).status == 404


def test_what_it_costs_that_a_well_device_speaks(barrier):
    """One read of half a unit, and nothing is written (`service.health.heard`)."""
    assert health.heard in HEARERS
    hear(barrier)
    before = DeviceHealth.of(row_of(barrier.device_id).community_id, barrier.device_id)
    for number in range(2, 9):
        hear(barrier, at=AT + number * 10 * timedelta(seconds=1), sequence=number)
    after = DeviceHealth.of(row_of(barrier.device_id).community_id, barrier.device_id)
    assert before is not None
    assert after is not None
    assert after.version == before.version

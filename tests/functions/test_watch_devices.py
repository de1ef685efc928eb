"""The sweep over devices, the broker's word, and what follows a swap: at AWS's own handlers."""

import threading
import time
from datetime import datetime, timedelta

import pytest

from chalicelib.core import aws, clock
from chalicelib.core.table import table_name, tenant_key
from chalicelib.devices import public as devices
from chalicelib.devices.events import DeviceQuarantined, DeviceRetired, DeviceSwapped
from chalicelib.devices.rules.catalogue import Kind
from chalicelib.devices.rules.uplink import Reported
from chalicelib.devices.service import enrolment, health, state
from chalicelib.devices.tables.faults import DeviceFault
from chalicelib.devices.tables.health import DeviceHealth
from chalicelib.devices.tables.registry import Device
from tests.functions.conftest import delivered, imagined, kept, woken

AT = clock.now().replace(microsecond=0)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def gate(cloud, community):
    made = devices.enrol(community, Kind.GATE, place_id="east", name="东门")
    hear(made.device_id, AT)
    return made


def hear(device_id: str, at: datetime, sequence: int = 1) -> None:
    device = Device.find(device_id)
    assert device is not None
    event = Reported(f"e_{sequence}", "device.heartbeat", at, 1, sequence, {})
    with clock.standing_at(at):
        state.observe(device, event, at)
        health.heard(device, event, at)


def row_of(community: str, device_id: str) -> DeviceHealth:
    row = DeviceHealth.of(community, device_id)
    assert row is not None
    return row


def watch(at: datetime) -> int:
    with clock.standing_at(at):
        return int(woken("watch_devices", {}))


def faults(community: str, device_id: str) -> list[str]:
    rows = DeviceFault.query(tenant_key(community, device_id))
    return sorted(f"{row.fault} {row.outcome or row.state}" for row in rows)


def test_a_sweep_that_does_not_keep_up_says_by_how_much(community, gate, caplog):
    with clock.standing_at(AT + 10 * MINUTE):
        assert health.watch_devices(budget=timedelta(0)) == 0
    said = {one.msg: vars(one) for one in caplog.records if one.msg.startswith("devices ")}
    due = row_of(community, gate.device_id).due_at
    for words in ("devices looked at late", "devices not looked at"):
        assert said[words]["devices"] >= 1
        assert said[words]["oldest_due_at"] <= clock.from_epoch_ms(int(due)).isoformat()
        assert said[words]["late_s"] >= 180


def test_a_device_that_speaks_is_put_off_and_one_that_does_not_is_found(community, gate):
    other = devices.enrol(community, Kind.GATE, place_id="west", name="西门")
    hear(other.device_id, AT)
    for minute in range(1, 6):
        hear(gate.device_id, AT + minute * MINUTE, sequence=minute + 1)
        watch(AT + minute * MINUTE)
    well, silent = row_of(community, gate.device_id), row_of(community, other.device_id)
    assert (well.state, silent.state) == ("ONLINE", "TICKETED")
    assert well.due_at == clock.epoch_ms(AT + 6 * MINUTE), "looked at when it may be suspect"
    assert faults(community, other.device_id) == ["offline TICKETED"]
    before = kept("devices")
    watch(AT + 5 * MINUTE)
    assert kept("devices") == before


def test_one_bad_row_never_stops_the_others(community, gate):
    """Its neighbours in the same batch are looked at, this minute and every other."""
    bad = devices.enrol(community, Kind.GATE, place_id="west", name="西门")
    hear(bad.device_id, AT)
    key = {"device_key": {"S": tenant_key(community, bad.device_id)}}
    aws.client("dynamodb").update_item(
        TableName=table_name(DeviceHealth.short),
        Key=key,
        UpdateExpression="SET courses = :spoilt",
        ExpressionAttributeValues={":spoilt": {"S": '{"offline": {"no": "course"}}'}},
    )
    for minute in (4, 5):
        watch(AT + minute * MINUTE)
    assert faults(community, gate.device_id) == ["offline TICKETED"]
    aws.client("dynamodb").delete_item(TableName=table_name(DeviceHealth.short), Key=key)


def test_the_health_of_a_device_that_is_gone_is_looked_at_no_more(community, gate):
    device = Device.find(gate.device_id)
    assert device is not None
    device.delete()
    watch(AT + 4 * MINUTE)
    assert row_of(community, gate.device_id).shard is None


def test_the_brokers_word_is_suspicion_and_the_newest_counts(community, gate):
    def said(payload: str, at: datetime) -> None:
        topic = f"linli/v1/{community}/{gate.device_id}/state"
        event = {"topic": topic, "payload": payload, "received_at": clock.epoch_ms(at)}
        with clock.standing_at(at):
            woken("device_state_changed", event)

    second = timedelta(seconds=1)
    said('{"online": false}', AT + 5 * second)
    assert row_of(community, gate.device_id).state == "SUSPECT"
    said('{"online": true}', AT + 9 * second)
    said('{"online": false}', AT + 8 * second)
    assert row_of(community, gate.device_id).state == "ONLINE"
    never = devices.enrol(community, Kind.GATE, place_id="west", name="西门")
    woken(
        "device_state_changed",
        {
            "topic": f"linli/v1/{community}/{never.device_id}/state",
            "payload": '{"online": false}',
            "received_at": int(time.time() * 1000),
        },
    )
    assert DeviceHealth.of(community, never.device_id) is None


def fact(cls, community, gate, **more):
    return imagined(cls, community_id=community, device_id=gate.device_id, **more)


def test_other_hardware_keeps_the_order_and_its_history(community, gate, nothing_failed):
    watch(AT + 4 * MINUTE)
    with clock.standing_at(AT + 6 * MINUTE):
        enrolment.swap(community, gate.device_id, devices.Hardware(vendor="新"), by="per_wang")
        swapped = delivered(fact(DeviceSwapped, community, gate))
        assert woken("follow_devices", swapped) == nothing_failed
        before = kept("devices")
        assert woken("follow_devices", swapped) == nothing_failed
        assert kept("devices") == before
    row = row_of(community, gate.device_id)
    assert (row.state, [unit[1] for unit in row.units]) == ("VERIFYING", ["", "新"])
    assert faults(community, gate.device_id) == ["offline VERIFYING"]
    for minute in range(7, 18):
        hear(gate.device_id, AT + minute * MINUTE, sequence=minute)
    assert faults(community, gate.device_id) == ["offline repaired"]


def test_what_came_before_a_swap_opens_nothing_for_the_new_unit(community, gate):
    with clock.standing_at(AT + 6 * MINUTE):
        enrolment.swap(community, gate.device_id, devices.Hardware(), by="per_wang")
    device = Device.find(gate.device_id)
    assert device is not None
    old = Reported("e_old", "device.fault", AT + MINUTE, 1, 9, {"code": "motor"})
    health.heard(device, old, AT + MINUTE)
    assert faults(community, gate.device_id) == []


def test_retired_its_orders_end(community, gate, nothing_failed):
    watch(AT + 4 * MINUTE)
    with clock.standing_at(AT + 6 * MINUTE):
        enrolment.retire(community, gate.device_id, by="per_wang")
        retired = delivered(fact(DeviceRetired, community, gate))
        for _ in range(2):
            assert woken("follow_devices", retired) == nothing_failed
    assert faults(community, gate.device_id) == ["offline retired"]
    row = row_of(community, gate.device_id)
    assert row.state == "RETIRED"
    assert row.shard is None
    hear(gate.device_id, AT + 7 * MINUTE, sequence=3)
    assert row_of(community, gate.device_id).state == "RETIRED"


def test_a_storm_has_an_order_until_it_is_over_and_observed(community, gate, nothing_failed):
    storm = {"began_at": AT + MINUTE, "until": AT + 6 * MINUTE}
    quarantined = delivered(fact(DeviceQuarantined, community, gate, **storm))
    with clock.standing_at(AT + MINUTE):
        for _ in range(2):
            assert woken("follow_devices", quarantined) == nothing_failed
    assert faults(community, gate.device_id) == ["storm TICKETED"]
    for minute in range(2, 19):
        hear(gate.device_id, AT + minute * MINUTE, sequence=minute)
        watch(AT + minute * MINUTE)
    assert faults(community, gate.device_id) == ["storm recovered"]


def test_twenty_looks_at_once_open_one_order(community, gate):
    def look() -> None:
        with clock.standing_at(AT + 5 * MINUTE):
            health._look(tenant_key(community, gate.device_id))

    racing = [threading.Thread(target=look) for _ in range(20)]
    for one in racing:
        one.start()
    for one in racing:
        one.join()
    assert faults(community, gate.device_id) == ["offline TICKETED"]

"""The monthly report: months of Beijing, spans that cross them, hardware that was swapped."""

from datetime import UTC, datetime
from random import Random

import pytest

from chalicelib.devices.rules import uptime
from chalicelib.devices.rules.catalogue import Kind
from chalicelib.devices.rules.complaints import is_use, serves_people
from chalicelib.devices.rules.uptime import Tally, Unit, Watched, Worth

HOUR = 3_600_000
MARCH, APRIL = uptime.bounds("2026-03")
NOW = APRIL + 10 * HOUR


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def test_a_month_is_beijings():
    assert uptime.month_of(at("2026-03-31T15:59:59")) == "2026-03"
    assert uptime.month_of(at("2026-03-31T16:00:00")) == "2026-04"
    assert at("2026-02-28T16:00:00") == MARCH
    assert at("2026-03-31T16:00:00") == APRIL
    assert uptime.bounds("2028-02")[1] - uptime.bounds("2028-02")[0] == 29 * 24 * HOUR
    with pytest.raises(ValueError, match="does not match"):
        uptime.bounds("next month")


def test_spans_fall_apart_at_the_ends_of_months_and_nothing_is_lost():
    chance = Random(4)
    for _ in range(200):
        start = MARCH + chance.randrange(400 * 24 * HOUR)
        end = start + chance.randrange(100 * 24 * HOUR)
        parts = list(uptime.shares(start, end))
        assert sum(span for _, span in parts) == end - start
        assert [month for month, _ in parts] == sorted({month for month, _ in parts})
    assert list(uptime.shares(APRIL - HOUR, APRIL + HOUR)) == [
        ("2026-03", HOUR),
        ("2026-04", HOUR),
    ]
    assert list(uptime.shares(5, 5)) == list(uptime.shares(5, 4)) == []


def watched(*units: Unit, until: int = NOW, kind: str = "gate", paused: int = 0) -> Watched:
    return Watched("d1", kind, units or (Unit(1, "海康", 0),), until, paused)


def worth(month: str, *devices: Watched, tallies=(), unheard=()) -> list[Worth]:
    return uptime.report(month, devices, tallies, unheard, NOW)


def test_uptime_leaves_out_maintenance_and_the_gateways_outages():
    tally = Tally("d1", 1, down_ms=HOUR, grouped_ms=2 * HOUR, maintained_ms=3 * HOUR)
    (one,) = worth("2026-04", watched(), tallies=[tally])
    assert one.watched_ms == 7 * HOUR
    assert one.uptime == 1 - 1 / 5
    assert (one.watched_s, one.down_s, one.grouped_s) == (7 * 3_600, 3_600, 7_200)
    (still,) = worth("2026-04", watched(paused=NOW - 4 * HOUR))
    assert still.watched_ms == 6 * HOUR


def test_what_is_over_or_had_not_begun_is_not_counted():
    assert worth("2026-02", watched(Unit(1, "海康", MARCH))) == []
    (one,) = worth("2026-03", watched(Unit(1, "海康", APRIL - HOUR), until=APRIL + HOUR))
    assert one.watched_ms == HOUR
    assert worth("2026-04", watched(until=APRIL)) == []


def test_swapped_hardware_counts_for_its_own_vendor():
    units = Unit(1, "海康", MARCH), Unit(2, "大华", APRIL + 4 * HOUR)
    tallies = [Tally("d1", 1, faults=2, used=True), Tally("d1", 2, faults=1, false_alarms=1)]
    new, old = worth("2026-04", watched(*units), tallies=tallies)
    assert (old.vendor, old.watched_ms, old.faults, old.idle) == ("海康", 4 * HOUR, 2, 0)
    assert (new.vendor, new.watched_ms, new.false_alarm_ratio) == ("大华", 6 * HOUR, 1.0)


def test_idle_is_what_people_could_use_and_did_not():
    (gate,) = worth("2026-04", watched(), unheard=[("海康", "gate")])
    assert (gate.idle, gate.unheard, gate.idle_ratio) == (1, 1, 1.0)
    (meter,) = worth("2026-04", watched(kind="meter"))
    assert (meter.idle, meter.idle_ratio) == (0, 0.0)
    assert (meter.false_alarm_ratio, Worth("", "gate").uptime) == (None, None)
    assert Worth("", "gate").idle_ratio is None


@pytest.mark.parametrize(
    ("kind", "event", "used"),
    [
        ("gate", "access.passed", True),
        ("gate", "device.heartbeat", False),
        ("gate", "device.fault", False),
        ("vending_machine", "vending.dispensed", True),
        ("smoke_sensor", "smoke.detected", False),
        ("meter", "device.telemetry", False),
        ("gateway", "gateway.power_lost", False),
    ],
)
def test_what_counts_as_use(kind, event, used):
    assert is_use(kind, event) is used
    assert serves_people(kind) is (Kind(kind) in (Kind.GATE, Kind.VENDING_MACHINE))

"""RFC 8428 as we read it, places in history, and what samples come to."""

import dataclasses
import math
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.devices.rules import senml as packs
from chalicelib.devices.rules import telemetry as rules
from chalicelib.devices.rules.catalogue import Kind
from chalicelib.devices.rules.telemetry import DAY_MS, HOUR_MS, MINUTE_MS, Step

NOW = int(datetime(2026, 11, 21, 8, 2, 30, tzinfo=UTC).timestamp() * 1000)
NOW_S = NOW // 1000
YEARS = 10 * 365 * DAY_MS


def resolved(senml, *, kind=Kind.CHARGER, occurred=NOW, received=NOW):
    return [
        (one.quantity, one.value, one.at - NOW, one.stamped)
        for one in rules.resolve(kind, senml, occurred, received)
    ]


@pytest.mark.parametrize(
    ("senml", "expected"),
    [
        ([{"n": "voltage", "u": "V", "v": 230.5}], [("voltage", 230.5, 0)]),
        ([{"n": "voltage", "v": 230}], [("voltage", 230.0, 0)]),
        ([{"n": "voltage", "v": 230, "t": -5}], [("voltage", 230.0, -5_000)]),
        ([{"n": "voltage", "v": 230, "t": NOW_S - 7}], [("voltage", 230.0, -7_000)]),
        (
            [
                {"bn": "urn:dev:mac:0024befffe804ff1:", "bt": NOW_S - 10, "n": "voltage", "v": 1},
                {"t": 1, "n": "current", "bu": "A", "v": 2},
                {"t": 2, "n": "voltage", "u": "V", "v": 3},
            ],
            [("voltage", 1.0, -10_000), ("current", 2.0, -9_000), ("voltage", 3.0, -8_000)],
        ),
        (
            [{"bn": "voltage", "bv": 200}, {"v": 20}, {"v": 30}],
            [("voltage", 220.0, 0), ("voltage", 230.0, 0)],
        ),
        (
            [{"bn": "dev-1/", "bver": 10}, {"n": "2/active_power", "v": 7}],
            [("2/active_power", 7.0, 0)],
        ),
        ([{"n": "dev/123/active_power", "v": 7}], [("active_power", 7.0, 0)]),
        ([{"n": "colour", "vs": "red"}, {"n": "voltage", "v": 1}], [("voltage", 1.0, 0)]),
        ([{"n": "voltage", "v": -0.0}], [("voltage", 0.0, 0)]),
        ([{"n": "voltage", "v": 1e-200}], [("voltage", 0.0, 0)]),
    ],
)
def test_a_pack_is_resolved_as_rfc_8428_says(senml, expected):
    assert [one[:3] for one in resolved(senml)] == expected
    assert packs.pack_faults(Kind.CHARGER, senml)[0] == []


@pytest.mark.parametrize(
    ("senml", "fault"),
    [
        ([{"bver": 11, "n": "voltage", "v": 1}], "bad_base_version"),
        ([{"bver": "10", "n": "voltage", "v": 1}], "bad_base_version"),
        ([{"n": "", "v": 1}], "bad_name"),
        ([{"v": 1}], "bad_name"),
        ([{"n": "-voltage", "v": 1}], "bad_name"),
        ([{"n": "电压", "v": 1}], "bad_name"),
        ([{"n": "voltage"}], "no_value"),
        ([{"n": "voltage", "s": 5}], "no_value"),
        ([{"n": "voltage", "vs": "high"}], "not_a_number"),
        ([{"n": "voltage", "v": True}], "not_a_number"),
        ([{"n": "voltage", "v": 1e300}], "not_a_number"),
        ([{"n": "voltage", "v": math.inf}], "not_a_number"),
        ([{"n": "voltage", "v": math.nan}], "not_a_number"),
        ([{"n": "voltage", "v": 1, "bv": "2"}], "not_a_number"),
        ([{"n": "voltage", "u": "mV", "v": 1}], "wrong_unit"),
        ([{"bu": "A", "n": "voltage", "v": 1}], "wrong_unit"),
        ([{"n": "voltage", "v": 1, "t": 1e300}], "bad_time"),
        ([{"n": "voltage", "v": 1, "t": None}], "bad_time"),
    ],
)
def test_a_pack_that_nobody_can_read_says_why(senml, fault):
    faults, _ = packs.pack_faults(Kind.CHARGER, senml)
    assert faults[0].code == fault
    assert rules.resolve(Kind.CHARGER, senml, NOW, NOW) == []


@pytest.mark.parametrize(
    ("kind", "quantity", "unit"),
    [
        (Kind.METER, "volume", "m3"),
        (Kind.BIN, "4/fullness", "/"),
        (Kind.BIN, "33/fullness", None),
        (Kind.BIN, "a/fullness", None),
        (Kind.GATE, "temperature", None),
    ],
)
def test_what_a_kind_measures_and_in_what_unit(kind, quantity, unit):
    assert packs.unit_of(kind, quantity) == unit


@pytest.mark.parametrize(
    ("late_ms", "moved"),
    [(0, False), (-5 * MINUTE_MS, False), (28 * DAY_MS, False), (28 * DAY_MS + 1, True)],
)
def test_a_late_sample_stands_where_its_device_says_while_that_can_be(late_ms, moved):
    ((_, _, at, stamped),) = resolved([{"n": "voltage", "v": 1}], occurred=NOW - late_ms)
    assert (at, stamped) == ((0, NOW - late_ms) if moved else (-late_ms, None))


@pytest.mark.parametrize("wrong", [YEARS, -YEARS])
def test_a_clock_that_is_years_wrong_is_corrected_and_its_label_kept(wrong):
    senml = [{"n": "voltage", "v": 1, "t": -60}, {"n": "voltage", "v": 2, "t": 0}]
    found = resolved(senml, occurred=NOW + wrong)
    assert [at for _, _, at, _ in found] == [-60_000, 0]
    assert [label for *_, label in found] == [NOW + wrong - 60_000, NOW + wrong]


@pytest.mark.parametrize("stamp", [0, 5, 2**28, 9 * 10**10, -(10**10)])
def test_a_time_that_cannot_be_stands_where_it_was_received(stamp):
    ((_, _, at, _),) = resolved([{"n": "voltage", "v": 1, "t": stamp}], occurred=NOW - YEARS)
    assert -28 * DAY_MS <= at <= 5 * MINUTE_MS


NUMBERS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3))
FIELDS = st.sampled_from(
    ["bn", "bt", "bu", "bv", "bs", "bver", "n", "u", "v", "vs", "vb", "vd", "s", "t", "ut", "zz"]
)
NAMES = st.sampled_from(["voltage", "2/voltage", "", "x:", "urn:a:b/voltage", "-", "V", "A"])
RECORDS = st.dictionaries(FIELDS, st.one_of(NUMBERS, NAMES), max_size=6)


@given(st.lists(RECORDS, max_size=6), st.sampled_from([NOW, NOW - YEARS, NOW + YEARS]))
def test_any_pack_is_read_as_far_as_it_can_be_and_what_is_read_can_be_stored(senml, occurred):
    faults, others = packs.pack_faults(Kind.CHARGER, senml)
    assert len(faults) + others <= len(senml)
    found = rules.resolve(Kind.CHARGER, senml, occurred, NOW)
    assert len(found) <= others
    for one in found:
        assert abs(one.value) <= 2e15
        assert NOW - rules.LATEST_MS <= one.at <= NOW + rules.AHEAD_MS
        assert abs(one.stamped or 0) < 10**38


def test_a_record_that_cannot_be_read_costs_no_other_its_words():
    senml: list[dict[str, Any]] = [{"bt": NOW_S - 9}, {"n": "voltage", "v": 1}]
    senml.append({"n": "current", "u": "mA", "v": 2})
    faults, others = packs.pack_faults(Kind.CHARGER, [*senml, {"n": "voltage", "t": 1, "v": 3}])
    assert (faults, others) == ([packs.Fault(2, "wrong_unit", "current is measured in A")], 2)
    found = resolved([*senml, {"n": "voltage", "t": 1, "v": 3}])
    assert [one[:3] for one in found] == [("voltage", 1.0, -9_000), ("voltage", 3.0, -8_000)]


def test_what_a_buffer_kept_too_long_is_lost_in_time_and_no_wrong_clock():
    """Newcomer's trial 20: filed at receipt, it looked like today's."""
    old = NOW - 40 * DAY_MS
    senml = [{"n": "voltage", "v": 1}]
    (late,) = rules.resolve(Kind.CHARGER, senml, old, NOW, replayed=True)
    assert (late.at, late.stamped, late.is_lost) == (NOW, old, True)
    (slow,) = rules.resolve(Kind.CHARGER, senml, old, NOW)
    assert (slow.at, slow.stamped, slow.is_lost) == (NOW, old, False)


def test_partitions_cover_a_period_once_in_order():
    begin = NOW - NOW % HOUR_MS + 59 * MINUTE_MS
    assert rules.partitions(begin, begin + MINUTE_MS, Step.RAW) == ["2026-11-21T08"]
    assert rules.partitions(begin, begin + HOUR_MS, Step.RAW) == ["2026-11-21T08", "2026-11-21T09"]
    months = rules.partitions(NOW, NOW + 60 * DAY_MS, Step.FIVE_MINUTES)
    assert months == ["2026-11", "2026-12", "2027-01"]
    assert rules.partitions(NOW, NOW + 60 * DAY_MS, Step.HOUR) == ["2026", "2027"]


@given(st.lists(st.floats(-1e15, 1e15), min_size=1, max_size=60), st.randoms(use_true_random=False))
def test_a_sum_does_not_depend_on_the_order_of_its_parts(values, chance):
    shuffled = values[:]
    chance.shuffle(shuffled)
    one, other = rules.summary(values), rules.summary(shuffled)
    assert one is not None
    assert other is not None
    assert (one.n, one.sum, one.min, one.max) == (other.n, other.sum, other.min, other.max)
    assert one.last == values[-1]


def test_an_hour_is_what_its_five_minutes_come_to():
    parts = [[1.0, 5.0], [2.0], [4.0, 3.0]]
    found = rules.joined(summary for part in parts if (summary := rules.summary(part)))
    assert found == rules.summary([value for part in parts for value in part])
    assert rules.joined([]) is None
    assert rules.summary([]) is None


def test_a_sum_of_too_many_samples_is_of_the_first_and_says_so():
    most = [1.0] * rules.MOST_SUMMED
    whole, cut = rules.summary(most), rules.summary([*most, 7.0])
    assert whole is not None
    assert cut is not None
    assert cut == dataclasses.replace(whole, truncated=True)
    assert not whole.truncated
    both = rules.joined([cut, whole])
    assert both is not None
    assert (both.n, both.truncated) == (2 * rules.MOST_SUMMED, True)

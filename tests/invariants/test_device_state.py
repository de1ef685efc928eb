"""I19 for devices: any order of arrival, with repetitions, leaves one state; sums are exact."""

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pynamodb.exceptions import PynamoDBException

from chalicelib.core import clock
from chalicelib.devices.rules.catalogue import Kind
from chalicelib.devices.rules.uplink import Reported
from chalicelib.devices.service import state, telemetry
from chalicelib.devices.tables.registry import Device
from chalicelib.devices.tables.state import DeviceState, UnknownEvents
from chalicelib.devices.tables.telemetry import SampleRow, Series
from tests.invariants.dynamodb import refused
from tests.invariants.store import Memory, in_memory

BEGAN = datetime(2026, 3, 1, 8, tzinfo=UTC)
BIN = Device(
    device_id="bin-1", community_id="com_heyuan", kind=Kind.BIN.value, name="箱", hardware=1
)
Heard = tuple[Reported, datetime]
TYPES = ("device.heartbeat", "bin.level", "bin.sang", "bin.danced", "device.telemetry")
QUANTITIES = ("fullness", "2/fullness", "weight")


@st.composite
def heard(draw: st.DrawFn) -> list[Heard]:
    """Events as a device made them, some of one count, each with the moment when it came."""
    found = []
    for number in range(draw(st.integers(1, 7))):
        type_ = draw(st.sampled_from(TYPES))
        names = draw(st.lists(st.sampled_from(QUANTITIES), min_size=1, max_size=3, unique=True))
        since = draw(st.integers(0, 60))
        pack = [{"n": name, "v": number + n, "t": -since} for n, name in enumerate(names)]
        data: dict[str, Any] = {"senml": pack} if type_ == "device.telemetry" else {"fullness": 0.5}
        boot, sequence = draw(st.integers(1, 2)), draw(st.integers(1, 4))
        came = BEGAN + timedelta(seconds=draw(st.integers(0, 400)))
        at = BEGAN + timedelta(seconds=draw(st.integers(-400, 200)))
        replayed = draw(st.booleans())
        event = Reported(f"e_{number}", type_, at, boot, sequence, data, [], replayed)
        found.append((event, came))
    return found


def left(order: list[Heard]) -> dict[str, list[dict[str, Any]]]:
    """Return what is on record after events came in this order."""
    with clock.standing_at(BEGAN + timedelta(hours=1)), in_memory() as memory:
        for event, came in order:
            state.observe(BIN, event, came)
            telemetry.keep(BIN, event, came)
            telemetry.roll_up(_inserted(memory))
        tables = ("device_states", "unknown_events", "samples", "roll_ups")
        return {short: [_unversioned(row) for row in memory.rows(short)] for short in tables}


def _inserted(memory: Memory) -> list[Any]:
    return memory.rows("samples")


def _unversioned(row: Any) -> dict[str, Any]:
    """Return a row without the count of its writes: repetitions may write."""
    return {name: value for name, value in row.items() if name != "version"}


@settings(max_examples=80, deadline=None)
@given(heard(), st.randoms(use_true_random=False))
def test_any_order_with_repetitions_leaves_the_same_state(
    events: list[Heard], chance: random.Random
) -> None:
    order = events + chance.sample(events, chance.randint(0, len(events)))
    chance.shuffle(order)
    assert left(order) == left(events)


@settings(max_examples=60, deadline=None)
@given(heard().flatmap(st.permutations))
def test_the_state_is_that_of_the_greatest_boot_and_sequence(order: list[Heard]) -> None:
    (kept,) = left(order)["device_states"]
    top = max((event.boot, event.sequence) for event, _ in order)
    assert (int(kept["boot"]["N"]), int(kept["sequence"]["N"])) == top
    assert int(kept["seen_at"]["N"]) == max(clock.epoch_ms(came) for _, came in order)


@settings(max_examples=80, deadline=None)
@given(heard().flatmap(st.permutations))
def test_a_quantity_shows_what_was_measured_last_and_nothing_replayed_before_what_came_live(
    order: list[Heard],
) -> None:
    """Newcomer's trial 4: the event's count decided, and a late pack overwrote newer values."""
    best: dict[str, tuple[Any, float]] = {}
    for event, came in order:
        for one in event.data.get("senml", ()):
            measured = event.occurred_at + timedelta(seconds=one["t"])
            place = event.boot, event.sequence, came, event.id
            key = not event.replayed, min(measured, came), *place
            if one["n"] not in best or best[one["n"]][0] < key:
                best[one["n"]] = key, one["v"]
    (kept,) = left(order)["device_states"]
    shown = {name: float(one["M"]["value"]["N"]) for name, one in kept["readings"]["M"].items()}
    assert shown == {name: value for name, (_, value) in best.items()}


def test_the_newest_event_costs_one_write_and_no_read() -> None:
    with in_memory() as memory:
        for sequence in (1, 2, 3):
            memory.calls.clear()
            pack = {"senml": [{"n": name, "v": sequence} for name in QUANTITIES]}
            event = Reported(f"e_{sequence}", "device.telemetry", BEGAN, 1, sequence, pack)
            state.observe(BIN, event, BEGAN)
        assert memory.calls == ["UpdateItem"]
        kept = DeviceState.of("com_heyuan", "bin-1")
        assert kept is not None
        assert {entry["value"] for entry in kept.readings.as_dict().values()} == {3}


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_swapped_unit_counts_anew_and_what_the_old_one_left_in_the_queue_is_older(
    order: tuple[int, int],
) -> None:
    swapped = BEGAN + timedelta(minutes=1)
    given_ = [
        (Reported("old", "device.heartbeat", BEGAN, 900, 7, {}), BEGAN),
        (Reported("new", "device.heartbeat", swapped, 1, 1, {}), swapped),
    ]
    now = Device(
        device_id="bin-1",
        community_id="com_heyuan",
        kind="bin",
        hardware=2,
        swapped_at=clock.epoch_ms(swapped),
    )
    with in_memory():
        for place in order:
            state.observe(now, *given_[place])
        kept = DeviceState.of("com_heyuan", "bin-1")
        assert kept is not None
        assert kept.event_id == "new"


def test_a_storm_of_undeclared_types_is_counted_up_to_what_is_enough() -> None:
    with clock.standing_at(BEGAN), in_memory():
        for number in range(250):
            event = Reported(f"e_{number}", "bin.sang", BEGAN, 1, number, {})
            state.observe(BIN, event, BEGAN)
        assert UnknownEvents.of("com_heyuan", "bin-1") == {"bin.sang": 200}


# -- sums, and what goes wrong while they are made -----------------------------------------------


def measured(number: int, quantity: str = "weight") -> Heard:
    pack = {"senml": [{"n": quantity, "v": number}]}
    at = BEGAN + timedelta(seconds=40 * number)
    return Reported(f"e_{number}", "device.telemetry", at, 1, number, pack), at


def sums(memory: Memory) -> dict[str, tuple[str, str]]:
    """Return what was summed up: partition and beginning → (count, sum)."""
    return {
        f"{row['series_key']['S'].split('#', 2)[2]} {row['at']['N']}": (
            row["n"]["N"],
            row["sum"]["N"],
        )
        for row in memory.rows("roll_ups")
    }


@settings(max_examples=20, deadline=None)
@given(st.randoms(use_true_random=False))
def test_a_stream_that_fails_repeats_and_overtakes_sums_exactly(chance: random.Random) -> None:
    events = [measured(number) for number in range(20)]
    with clock.standing_at(BEGAN + timedelta(hours=1)), in_memory() as memory:
        for event, came in events:
            telemetry.keep(BIN, event, came)
        telemetry.roll_up(memory.rows("samples"))
        ideal = sums(memory)
    assert sorted(n for n, _ in ideal.values()) == ["20", "5", "7", "8"]

    with clock.standing_at(BEGAN + timedelta(hours=1)), in_memory() as memory:
        chance.shuffle(events)
        for event, came in events:
            telemetry.keep(BIN, event, came)
            _streamed(memory, chance)
        memory.before = lambda _operation, _asked: None
        telemetry.roll_up(memory.rows("samples")[-1:] + memory.rows("samples"))
        assert sums(memory) == ideal


def _streamed(memory: Memory, chance: random.Random) -> None:
    """Hand some of the inserts over, late and again; the engine fails at some of its calls."""

    def strike(operation: str, _asked: Any) -> None:
        if chance.random() < 0.2:
            raise refused("ProvisionedThroughputExceededException", operation)

    images = memory.rows("samples")
    memory.before = strike
    try:
        telemetry.roll_up(chance.sample(images, chance.randint(0, len(images))))
    except (RuntimeError, PynamoDBException):
        pass
    finally:
        memory.before = lambda _operation, _asked: None


def test_a_reader_that_was_overtaken_does_not_take_samples_back() -> None:
    """Two readers of one bucket: the one that read fewer samples writes last."""
    first, second = measured(1), measured(2)
    with clock.standing_at(BEGAN + timedelta(hours=1)), in_memory() as memory:
        telemetry.keep(BIN, *first)
        images = memory.rows("samples")
        raced: list[str] = []

        def overtake(operation: str, _asked: Any) -> None:
            if operation == "UpdateItem" and not raced:
                raced.append(operation)
                telemetry.keep(BIN, *second)
                telemetry.roll_up(memory.rows("samples"))

        memory.before = overtake
        telemetry.roll_up(images)
        assert {n for n, _ in sums(memory).values()} == {"2"}


def test_one_bucket_that_the_engine_refuses_does_not_stop_the_others() -> None:
    with clock.standing_at(BEGAN + timedelta(hours=1)), in_memory() as memory:
        for quantity in QUANTITIES:
            telemetry.keep(BIN, *measured(QUANTITIES.index(quantity), quantity))

        def strike(operation: str, asked: Any) -> None:
            if operation == "UpdateItem" and "2/fullness" in json.dumps(asked):
                raise refused("ThrottlingException", operation)

        memory.before = strike
        with pytest.raises(RuntimeError, match="1 buckets"):
            telemetry.roll_up(memory.rows("samples"))
        assert len(sums(memory)) == 4
        memory.before = lambda _operation, _asked: None
        telemetry.roll_up(memory.rows("samples"))
        assert len(sums(memory)) == 6


def test_samples_of_one_event_are_kept_all_or_none() -> None:
    pack = {"senml": [{"n": "weight", "v": n, "t": -n} for n in range(250)]}
    event = Reported("e_1", "device.telemetry", BEGAN, 1, 1, pack)
    with clock.standing_at(BEGAN), in_memory() as memory:
        for _ in range(3):
            telemetry.keep(BIN, event, BEGAN)
        assert len(memory.rows("samples")) == 250
        assert memory.calls.count("TransactWriteItems") == 9
        ordered = SampleRow.of_five_minutes(
            Series("com_heyuan", "bin-1", "weight"),
            clock.epoch_ms(BEGAN - timedelta(minutes=5)),
        )
        assert ordered == [float(n) for n in range(249, 0, -1)]


def test_two_samples_of_one_moment_in_one_pack_are_two() -> None:
    pack = {"senml": [{"n": "weight", "v": 1}, {"n": "weight", "v": 2}]}
    event = Reported("e_1", "device.telemetry", BEGAN, 1, 1, pack)
    with clock.standing_at(BEGAN), in_memory() as memory:
        telemetry.keep(BIN, event, BEGAN)
        telemetry.roll_up(memory.rows("samples"))
        assert set(sums(memory).values()) == {("2", "3.0")}
        state.observe(BIN, event, BEGAN)
        kept = DeviceState.of("com_heyuan", "bin-1")
        assert kept is not None
        assert kept.readings.as_dict()["weight"]["value"] == 2

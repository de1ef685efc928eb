"""Sums from the real stream: as it brings samples, twice, late and in another order."""

import random
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib.core import aws, clock
from chalicelib.devices import public as devices
from chalicelib.devices.rules.catalogue import Kind
from chalicelib.devices.rules.telemetry import MOST_SUMMED, Step, Summary, partition
from chalicelib.devices.rules.uplink import Reported
from chalicelib.devices.service import telemetry
from chalicelib.devices.tables.registry import Device
from chalicelib.devices.tables.telemetry import RollUp, SampleRow, Series
from functions.wakes import Stream
from infra.one_machine.home import Home
from infra.one_machine.invoke import Target
from infra.one_machine.streams import StreamReader
from tests.functions.conftest import LINES, woken

BEGAN = clock.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
PATIENCE_S = 20


@pytest.fixture
def series(cloud, community):
    made = devices.enrol(community, Kind.LAMP_POLE, place_id="p1", name="灯杆")
    return Series(community, made.device_id, "3/active_power")


def measure(series: Series, count: int) -> None:
    device = Device.find(series.device_id)
    assert device is not None
    for number in range(count):
        at = BEGAN + timedelta(minutes=2 * number)
        pack = {"senml": [{"n": series.quantity, "v": number}]}
        said = Reported(f"e_{number}", "device.telemetry", at, 1, number, pack)
        telemetry.keep(device, said, at)


def images(series: Series) -> list[dict[str, Any]]:
    key = series.key(Step.RAW, partition(clock.epoch_ms(BEGAN), Step.RAW))
    return [
        {"eventName": "INSERT", "dynamodb": {"NewImage": row.serialize()}}
        for row in SampleRow.query(key)
    ]


def hour(series: Series) -> tuple[int, float] | None:
    start = clock.epoch_ms(BEGAN)
    row = RollUp.find(series.key(Step.HOUR, partition(start, Step.HOUR)), start)
    return (int(row.n), float(row.sum)) if row else None


def test_a_batch_that_comes_again_in_another_order_is_summed_up_once(series):
    measure(series, 10)
    records = images(series)
    for seed in range(4):
        random.Random(seed).shuffle(records)
        woken("roll_up_samples", {"Records": records[seed:]})
    assert hour(series) == (10, 45.0)


def test_what_is_lost_in_time_is_summed_up_with_nothing(series):
    """Newcomer's trial 20: samples of weeks ago looked like those of the hour they came in."""
    measure(series, 3)
    device = Device.find(series.device_id)
    assert device is not None
    pack = {"senml": [{"n": series.quantity, "v": 1_000}]}
    old = BEGAN - timedelta(days=40)
    said = Reported("e_old", "device.telemetry", old, 1, 9, pack, replayed=True)
    telemetry.keep(device, said, BEGAN)
    woken("roll_up_samples", {"Records": images(series)})
    assert len(images(series)) == 4
    assert hour(series) == (3, 3.0)


def test_the_real_stream_brings_each_sample_to_its_hour(series, tmp_path: Path):
    """A second streamed table, read as the one-machine home reads it."""
    line = LINES["roll_up_samples"]
    (wake,) = (wake for wake in line.wakes if isinstance(wake, Stream))
    stopping = threading.Event()
    reader = StreamReader(Target.of(line), wake, Home(tmp_path), aws.client, stopping)
    running = threading.Thread(target=reader.run, daemon=True)
    running.start()
    try:
        measure(series, 10)
        until = time.monotonic() + PATIENCE_S
        while hour(series) != (10, 45.0) and time.monotonic() < until:
            time.sleep(0.05)
    finally:
        stopping.set()
        running.join()
    assert hour(series) == (10, 45.0)


def test_a_sum_that_was_cut_says_so_and_no_older_reader_unsays_it(series):
    start = clock.epoch_ms(BEGAN)

    def sums() -> list[tuple[int, bool]]:
        steps = (Step.FIVE_MINUTES, Step.HOUR)
        rows = [RollUp.find(series.key(step, partition(start, step)), start) for step in steps]
        return [(int(row.n), bool(row.truncated)) for row in rows if row]

    device = Device.find(series.device_id)
    assert device is not None
    for number, count in enumerate([500] * (MOST_SUMMED // 500) + [1]):
        if count == 1:
            woken("roll_up_samples", {"Records": images(series)[:1]})
            assert sums() == [(MOST_SUMMED, False)] * 2
        pack = {"senml": [{"n": series.quantity, "v": 1}] * count}
        at = BEGAN + timedelta(seconds=number)
        said = Reported(f"e_{number}", "device.telemetry", at, 1, number, pack)
        telemetry.keep(device, said, at)
    woken("roll_up_samples", {"Records": images(series)[:1]})
    assert sums() == [(MOST_SUMMED, True)] * 2
    older = Summary(MOST_SUMMED, 1.0, 1.0, 1.0, 1.0)
    RollUp.keep(series, Step.FIVE_MINUTES, start, older)
    assert sums() == [(MOST_SUMMED, True)] * 2

"""Passages at the handlers that AWS calls: under their own rights, twice, and from the stream."""

import threading
import time
from datetime import timedelta
from pathlib import Path

from chalicelib.core import aws, clock
from chalicelib.identity.events import AccountErased
from chalicelib.passages.service import counting, traces
from functions.wakes import Stream
from infra.one_machine.home import Home
from infra.one_machine.invoke import Target
from infra.one_machine.streams import StreamReader
from tests.functions.conftest import LINES, delivered, woken
from tests.passages.conftest import Estate, estate  # noqa: F401 -- the fixture of the same town

PATIENCE_S = 20


def test_passages_are_recorded_once_however_often_they_come(estate: Estate, nothing_failed):  # noqa: F811 -- the fixture
    cred = estate.card()
    events = [
        estate.event({"method": "card", "holder": cred, "direction": "in"}),
        estate.event({"method": "card", "card": "0012345678"}, type_="access.refused"),
        estate.event({"plate": "粤B12345", "direction": "in"}, type_="vehicle.passed"),
        estate.opened("phone"),
    ]
    assert woken("record_passages", delivered(*events)) == nothing_failed
    before = [row.serialize() for row in estate.rows()]
    assert woken("record_passages", delivered(*reversed(events))) == nothing_failed
    assert [row.serialize() for row in estate.rows()] == before
    assert len(estate.rows()) == len(events)
    assert len(traces.own(estate.resident(), None, limit=20, after=None).items) == 2


def test_who_had_their_data_deleted_is_taken_out(estate: Estate, nothing_failed):  # noqa: F811 -- the fixture
    cred = estate.card()
    woken(
        "record_passages",
        delivered(estate.event({"method": "card", "holder": cred, "direction": "in"})),
    )
    now = clock.now()
    gone = AccountErased(estate.community, "per_1", (), now, now)
    for _ in range(2):
        assert woken("forget_passages", delivered(gone)) == nothing_failed
    (row,) = estate.rows()
    assert row.serialize().keys().isdisjoint({"who", "said", "trail_key", "mark_key"})


def test_the_real_stream_counts_each_passage(estate: Estate, tmp_path: Path):  # noqa: F811 -- the fixture
    line = LINES["count_passages"]
    (wake,) = (wake for wake in line.wakes if isinstance(wake, Stream))
    hour = clock.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
    stopping = threading.Event()
    reader = StreamReader(Target.of(line), wake, Home(tmp_path), aws.client, stopping)
    running = threading.Thread(target=reader.run, daemon=True)
    running.start()

    def counted() -> int:
        shown = counting.of_day(estate.staff("property_manager"), hour).items
        return sum(one.people_in for one in shown)

    try:
        cred = estate.card()
        for number in range(10):
            estate.passes(cred, at=hour + timedelta(minutes=number))
        until = time.monotonic() + PATIENCE_S
        while counted() != 10 and time.monotonic() < until:
            time.sleep(0.05)
    finally:
        stopping.set()
        running.join()
    assert counted() == 10

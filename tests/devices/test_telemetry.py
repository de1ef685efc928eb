"""From a device's report to what staff read of it: kept, summed up, paged, by device and kind."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from chalicelib.core import aws, clock
from chalicelib.devices import public as devices
from chalicelib.devices.rules.catalogue import Kind
from chalicelib.devices.rules.uplink import Reported
from chalicelib.devices.service import state, telemetry
from chalicelib.devices.tables.registry import Device
from chalicelib.devices.tables.telemetry import SampleRow
from tests.devices.conftest import event
from tests.functions.conftest import woken

BEGAN = clock.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=3)


@pytest.fixture
def meter(cloud, community):
    return devices.enrol(community, Kind.METER, place_id="b1", name="总表")


@pytest.fixture
def token(sign, community):
    return sign(community, audience="property", roles=["property_manager"])


def row_of(enrolled) -> Device:
    found = Device.find(enrolled.device_id)
    assert found is not None
    return found


def measure(enrolled, records: list[dict[str, Any]], *, at: datetime, number: int = 1) -> None:
    """Let a device report a pack, and everything follow that follows."""
    said = Reported(f"e_{number}", "device.telemetry", at, 1, number, {"senml": records})
    state.observe(row_of(enrolled), said, at)
    telemetry.keep(row_of(enrolled), said, at)


def streamed(enrolled, quantity: str = "active_power") -> None:
    """Wake the roll-up with every sample of the hours from BEGAN on, as the stream does."""
    hours = [BEGAN + timedelta(hours=n) for n in range(4)]
    keys = [
        f"{row_of(enrolled).community_id}#{enrolled.device_id}#{quantity}#raw#{at:%Y-%m-%dT%H}"
        for at in hours
    ]
    rows = [row for key in keys for row in SampleRow.query(key)]
    images = [{"eventName": "INSERT", "dynamodb": {"NewImage": row.serialize()}} for row in rows]
    assert woken("roll_up_samples", {"Records": images}) is None


def series(http, token, enrolled, step: str, **more: Any) -> Any:
    asked = {
        "quantity": "active_power",
        "from": BEGAN.isoformat(),
        "to": (BEGAN + timedelta(hours=4)).isoformat(),
        "step": step,
        **more,
    }
    query = "&".join(f"{name}={quote(str(value))}" for name, value in asked.items())
    return http("GET", f"/property/devices/{enrolled.device_id}/telemetry?{query}", token=token)


def paged(http, token, enrolled, step: str, limit: int) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    more: dict[str, str] = {}
    while True:
        page = series(http, token, enrolled, step, limit=limit, **more).body
        assert len(page["items"]) <= limit
        items += page["items"]
        if page["next"] is None:
            return items
        more = {"cursor": page["next"]}


@pytest.fixture
def measured(meter):
    """Three hours and a bit, one sample each twenty minutes, and everything summed up."""
    for number in range(10):
        at = BEGAN + timedelta(minutes=20 * number)
        records = [{"n": "active_power", "u": "W", "v": 100 * number}, {"n": "voltage", "v": 230}]
        measure(meter, records, at=at, number=number)
    streamed(meter)
    return meter


def test_a_reported_sample_is_read_back_through_every_step(http, token, measured):
    raw = series(http, token, measured, "raw").body
    assert (raw["unit"], raw["step"], raw["next"]) == ("W", "raw", None)
    assert [point["last"] for point in raw["items"]] == [100.0 * n for n in range(10)]
    hours = series(http, token, measured, "1h").body["items"]
    assert [(p["n"], p["sum"], p["min"], p["max"], p["last"]) for p in hours] == [
        (3, 300.0, 0.0, 200.0, 200.0),
        (3, 1200.0, 300.0, 500.0, 500.0),
        (3, 2100.0, 600.0, 800.0, 800.0),
        (1, 900.0, 900.0, 900.0, 900.0),
    ]
    assert [datetime.fromisoformat(p["at"]) for p in hours] == [
        BEGAN + timedelta(hours=n) for n in range(4)
    ]
    assert len(series(http, token, measured, "5m").body["items"]) == 10


@pytest.mark.parametrize("step", ["raw", "5m", "1h"])
@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_pages_show_each_point_once_in_order(http, token, measured, step, limit):
    items = paged(http, token, measured, step, limit)
    assert items == series(http, token, measured, step).body["items"]
    assert [p["at"] for p in items] == sorted(p["at"] for p in items)


def test_a_period_is_half_open(http, token, measured):
    until = (BEGAN + timedelta(minutes=40)).isoformat()
    found = series(http, token, measured, "raw", to=until).body["items"]
    assert [point["last"] for point in found] == [0.0, 100.0]


def test_a_quiet_month_is_read_in_few_steps(http, token, measured):
    long_ago = (BEGAN - timedelta(days=27)).isoformat()
    more, found, pages = {"from": long_ago}, 0, 0
    while more.get("cursor", "") is not None:
        page = series(http, token, measured, "raw", **more).body
        pages, found = pages + 1, found + len(page["items"])
        more["cursor"] = page["next"]
    assert found == 10
    assert pages < 20


def test_one_event_costs_one_transaction_and_again_nothing(meter):
    made: list[str] = []
    events = aws.client("dynamodb").meta.events
    device, records = row_of(meter), [{"n": "active_power", "v": n, "t": -n} for n in range(50)]
    said = Reported("e_1", "device.telemetry", BEGAN, 1, 1, {"senml": records})
    events.register("before-call", lambda model, **_: made.append(model.name), "count")
    try:
        telemetry.keep(device, said, BEGAN)
    finally:
        events.unregister("before-call", unique_id="count")
    assert made[0] == "TransactWriteItems"
    assert made.count("TransactWriteItems") == 1
    for _ in range(3):
        telemetry.keep(device, said, BEGAN)
    streamed(meter)


def test_a_late_sample_is_summed_up_in_its_own_hour(http, token, measured):
    at = BEGAN + timedelta(minutes=1)
    late = Reported(
        "late", "device.telemetry", at, 1, 99, {"senml": [{"n": "active_power", "v": 50}]}
    )
    for _ in range(2):
        telemetry.keep(row_of(measured), late, BEGAN + timedelta(hours=3))
        streamed(measured)
    first = series(http, token, measured, "1h").body["items"][0]
    assert (first["n"], first["sum"], first["last"]) == (4, 350.0, 200.0)


def test_a_clock_ten_years_wrong_writes_no_history_of_the_future(http, token, meter):
    said = Reported(
        "e_1",
        "device.telemetry",
        datetime(2036, 2, 29, 12, tzinfo=UTC),
        1,
        1,
        {"senml": [{"n": "active_power", "v": 5}]},
    )
    telemetry.keep(row_of(meter), said, BEGAN)
    (point,) = series(http, token, meter, "raw").body["items"]
    assert datetime.fromisoformat(point["at"]) == BEGAN
    assert datetime.fromisoformat(point["stamped_at"]) == said.occurred_at


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ({"quantity": "temperature"}, (422, "not_measured")),
        ({"quantity": "Active"}, (400, "invalid_request")),
        ({"from": "yesterday"}, (400, "invalid_request")),
        ({"from": "2026-01-01T00:00:00"}, (400, "invalid_request")),
        ({"to": BEGAN.isoformat()}, (422, "bad_period")),
        ({"step": "raw", "from": (BEGAN - timedelta(days=40)).isoformat()}, (422, "bad_period")),
        ({"step": "1d"}, (400, "invalid_request")),
        ({"cursor": "AAAA"}, (400, "bad_cursor")),
        ({"limit": 0}, (400, "invalid_request")),
    ],
)
def test_a_query_that_makes_no_sense_is_refused(http, token, meter, asked, answer):
    reply = series(http, token, meter, **{"step": "5m", **asked})
    assert (reply.status, reply.code) == answer


def test_a_cursor_of_another_series_or_estate_is_refused(http, token, sign, measured):
    cursor = series(http, token, measured, "raw", limit=1).body["next"]
    reply = series(http, token, measured, "raw", limit=1, cursor=cursor, quantity="voltage")
    assert (reply.status, reply.code) == (400, "bad_cursor")
    theirs = sign("com_other", audience="property", roles=["property_manager"])
    reply = series(http, theirs, measured, "raw")
    assert (reply.status, reply.code) == (404, "no_such_device")


def test_the_newest_of_many_is_listed_by_kind_and_by_place(http, token, community, meter):
    others = [
        devices.enrol(community, Kind.METER, place_id=f"b{n}", name=f"表{n}") for n in (2, 3, 4)
    ]
    bin_ = devices.enrol(community, Kind.BIN, place_id="b1", name="箱")
    for number, one in enumerate([meter, *others[:2]]):
        measure(one, [{"n": "active_power", "v": number}], at=BEGAN, number=number)
    measure(bin_, [{"n": "2/fullness", "v": 0.5}], at=BEGAN)
    found, path = [], "/property/telemetry?kind=meter&quantity=active_power&limit=2"
    while path:
        page = http("GET", path, token=token).body
        found += page["items"]
        path = page["next"] and (
            f"/property/telemetry?kind=meter&quantity=active_power&limit=2&cursor={page['next']}"
        )
    assert sorted((one["device_id"], one["value"], one["unit"]) for one in found) == sorted(
        (one.device_id, float(n), "W") for n, one in enumerate([meter, *others[:2]])
    )
    (at_place,) = http(
        "GET", "/property/telemetry?place_id=b1&quantity=2/fullness", token=token
    ).body["items"]
    assert (at_place["name"], at_place["value"]) == ("箱", 0.5)
    everywhere = "/property/telemetry?quantity=active_power&limit=100"
    assert len(http("GET", everywhere, token=token).body["items"]) == 3
    assert http("GET", "/property/telemetry?kind=meter", token=token).status == 400


def test_readings_of_a_persons_body_are_kept_and_shown_to_no_caretaker(http, token, community):
    band = devices.enrol(community, Kind.WRISTBAND, place_id="p1", name="手环")
    measure(band, [{"n": "heart_rate", "v": 71}, {"n": "battery", "v": 80}], at=BEGAN)
    reply = series(http, token, band, "raw", quantity="heart_rate")
    assert (reply.status, reply.code) == (403, "personal_reading")
    reply = http("GET", "/property/telemetry?kind=wristband&quantity=heart_rate", token=token)
    assert (reply.status, reply.code) == (403, "personal_reading")
    shown = http("GET", f"/property/devices/{band.device_id}/state", token=token).body
    assert [one["quantity"] for one in shown["readings"]] == ["battery"]
    assert len(list(_rows(band, "heart_rate"))) == 1


def _rows(enrolled, quantity: str) -> Any:
    key = f"{row_of(enrolled).community_id}#{enrolled.device_id}#{quantity}#raw#{BEGAN:%Y-%m-%dT%H}"
    return SampleRow.query(key)


def test_a_signed_report_arrives_in_state_and_series(http, token, signed, meter):
    pack = {"senml": [{"n": "active_power", "u": "W", "v": 412.5}]}
    body = event(meter.device_id, type="device.telemetry", data=pack)
    assert signed(meter, body, message_id="m_1").status == 200
    job = {"device_id": meter.device_id, "message_id": "m_1"}
    for _ in range(2):
        devices.record(**job)
    shown = http("GET", f"/property/devices/{meter.device_id}/state", token=token).body
    assert [(one["quantity"], one["value"], one["unit"]) for one in shown["readings"]] == [
        ("active_power", 412.5, "W")
    ]
    until = (clock.now() + timedelta(minutes=1)).isoformat()
    assert len(series(http, token, meter, "raw", to=until).body["items"]) == 1

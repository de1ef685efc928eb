"""The published contract of events: each type's data, in pydantic and in JSON Schema alike."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it has none

from chalicelib.core.errors import Refusal
from chalicelib.devices.rules.catalogue import EVENTS, PROFILES, URGENT
from chalicelib.devices.rules.uplink import Refused, Reported
from chalicelib.devices.schemas import events
from chalicelib.devices.schemas.uplink import read_batch

CONTRACT = events.contract()
OWN = "heyuan/stills/heyuan-lift-camera-1"
TYPES = sorted(EVENTS)

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 2**40),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(),
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)

patient = settings(suppress_health_check=[HealthCheck.too_slow])
"""A loaded machine draws slowly; that says nothing of what is drawn."""


def example(event_type: str) -> dict:
    return dict(CONTRACT[f"{event_type}.json"]["examples"][0])


def read(kind: str, event_type: str, data: object, **changes: object) -> Reported | Refused:
    body = {
        "specversion": "1.0",
        "id": "e_1",
        "source": "d",
        "type": event_type,
        "time": "2026-11-21T08:00:00Z",
        "boot": 1,
        "sequence": 1,
        "data": data,
        **changes,
    }
    (one,) = read_batch(json.dumps(body).encode(), "d", kind, folder=OWN, at=datetime.now(UTC))
    return one


def test_every_declared_type_has_its_data_and_no_other_has():
    assert sorted(events.DATA) == TYPES
    assert {name.removesuffix(".json") for name in CONTRACT} == {*TYPES, "index"}


@pytest.mark.parametrize("event_type", TYPES)
def test_a_type_shows_an_example_that_is_accepted_from_each_of_its_kinds(event_type):
    schema = CONTRACT[f"{event_type}.json"]
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(example(event_type))
    if event_type == "device.telemetry":
        return
    for kind in EVENTS[event_type]:
        reported = read(kind, event_type, example(event_type))
        assert isinstance(reported, Reported), reported
        assert reported.data == example(event_type)


@pytest.mark.parametrize("name", sorted(CONTRACT))
def test_the_committed_contract_is_what_the_code_says(name):
    committed = Path("miniprogram-api-spec/events", name).read_text(encoding="utf-8")
    assert json.loads(committed) == json.loads(json.dumps(CONTRACT[name]))


@patient
@given(st.sampled_from(TYPES), st.data())
def test_what_is_accepted_is_of_the_published_shape(event_type, data):
    said = dict(example(event_type))
    names = sorted({*said, *CONTRACT[f"{event_type}.json"].get("properties", {})})
    for name in data.draw(st.lists(st.sampled_from(names), max_size=2)):
        said[name] = data.draw(anything)
    if not events.faults(event_type, said):
        Draft202012Validator(CONTRACT[f"{event_type}.json"]).validate(said)


@patient
@given(st.sampled_from(sorted(URGENT)), st.data())
def test_no_alarm_is_refused_for_what_it_says_of_itself(event_type, data):
    names = sorted(CONTRACT[f"{event_type}.json"]["properties"])
    said = data.draw(st.dictionaries(st.sampled_from(names), anything, max_size=4))
    reported = read(next(iter(EVENTS[event_type])), event_type, said)
    assert isinstance(reported, Reported)
    assert events.faults(event_type, reported.data) == []
    assert reported.data.items() <= said.items()
    assert bool(reported.faults) is (reported.data != said)


@patient
@given(st.dictionaries(st.text(), anything, max_size=3))
def test_a_type_that_nobody_knows_may_say_anything(data):
    assert isinstance(read("panel", "toaster.popped", data), Reported)


@patient
@given(anything)
def test_no_data_of_any_type_does_more_than_be_refused(data):
    for event_type in ("device.telemetry", "vehicle.passed", "charger.stopped"):
        with suppress(Refusal):  # half a surrogate, for all of the batch
            read(next(iter(EVENTS[event_type])), event_type, data)


@pytest.mark.parametrize(
    "senml",
    [
        [{"n": "temperature", "u": "Cel", "v": 21.5}],
        [{"bn": "temperature", "bu": "Cel", "bt": 1_795_248_000, "v": 1}, {"t": -60, "v": 2}],
        [{"n": "2/temperature", "u": "Cel", "v": 1, "shiny": True}],
    ],
)
def test_a_pack_of_rfc_8428_is_taken(senml):
    reported = read("environment_sensor", "device.telemetry", {"senml": senml})
    assert isinstance(reported, Reported), reported


@pytest.mark.parametrize(
    "senml",
    [
        None,
        [],
        {},
        [7],
        [{"n": "temperature"}],
        [{"n": "temperature", "s": 12.5}],
        [{"v": 1}],
        [{"n": " ", "v": 1}],
        [{"n": "temperature", "v": "21"}],
        [{"n": "temperature", "v": True}],
        [{"n": "temperature", "v": 1, "vs": "1"}],
        [{"n": "temperature", "v": 1, "bver": 11}],
        [{"n": "temperature", "v": 1, "zz_": 1}],
        [{"n": "temperature", "u": "F", "v": 70}],
        [{"n": "temperature", "v": 1}] * 501,
    ],
)
def test_a_pack_that_is_none_is_refused(senml):
    refused = read("environment_sensor", "device.telemetry", {"senml": senml})
    assert isinstance(refused, Refused)
    assert refused.errors[0]["loc"][0] == "data"
    assert refused.id == "e_1"


def test_a_wrong_unit_is_named_with_its_record_and_the_others_stand():
    """Newcomer's trial 11: one wrong unit refused a whole pack and did not say where."""
    senml = [
        {"n": "temperature", "u": "Cel", "v": 21.5},
        {"n": "humidity", "u": "%", "v": 48},
        {"n": "noise", "vs": "loud"},
    ]
    reported = read("environment_sensor", "device.telemetry", {"senml": senml})
    assert isinstance(reported, Reported)
    assert [(one["type"], one["loc"], one["msg"]) for one in reported.faults] == [
        ("wrong_unit", ["data", "senml", 1], "humidity is measured in %RH"),
        ("not_a_number", ["data", "senml", 2], "v must be a number"),
    ]


@pytest.mark.parametrize("data", [[1], "x", 7, None, {"battery": "x" * 70_000}, {"n": 2**64}])
@pytest.mark.parametrize("event_type", sorted(URGENT))
def test_an_alarm_stands_whatever_its_data_are(event_type, data):
    """Newcomer's trial 1."""
    reported = read(next(iter(EVENTS[event_type])), event_type, data)
    assert isinstance(reported, Reported)
    assert (reported.data, reported.faults[0]["loc"][0]) == ({}, "data")


@pytest.mark.parametrize(
    "changes",
    [
        {"time": "1970-01-01T00:00:00Z"},
        {"time": None},
        {"boot": -1},
        {"sequence": "x"},
        {"replayed": "yes"},
        {"datacontenttype": "text/xml"},
        {"Bad_Name": 1},
    ],
)
def test_an_alarm_stands_without_what_is_wrong_with_its_form(changes):
    reported = read("wristband", "sos.pressed", {"button": "side"}, **changes)
    assert isinstance(reported, Reported)
    assert [one["loc"][0] for one in reported.faults] == list(changes)
    assert reported.data == {"button": "side"}
    assert isinstance(read("panel", "panel.call", {"unit_id": "u1"}, **changes), Refused)


@pytest.mark.parametrize(
    "changes",
    [
        {"traceparent": "00-4bf9-00f0-01", "partitionkey": "p"},
        {"subject": "s" * 300, "dataschema": "https://example.org/x.json"},
        {"datacontenttype": "application/json; charset=utf-8"},
        {"datacontenttype": "Application/vnd.linli+json"},
        {"id": "urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66"},
        {"id": "A234-1234-1234"},
    ],
)
def test_what_stock_sdks_of_cloud_events_send_is_taken(changes):
    reported = read("panel", "panel.call", {"unit_id": "u1"}, **changes)
    assert isinstance(reported, Reported), reported
    assert reported.faults == []
    assert reported.id == changes.get("id", "e_1")


@pytest.mark.parametrize("event_id", ["", "a#b", "a b", "x" * 129, "\n", 7])
def test_an_id_that_no_key_of_ours_holds_is_refused(event_id):
    assert isinstance(read("panel", "panel.call", {"unit_id": "u1"}, id=event_id), Refused)


@pytest.mark.parametrize(
    "key", ["heyuan/stills/other/a.jpg", "a.jpg", f"{OWN}/../x/a.jpg", "linyuan/stills/x/a.jpg"]
)
def test_a_picture_that_is_not_its_own_is_left_out_or_the_event_refused(key):
    """Newcomer's trial 12."""
    picture = {"key": key, "sha256": "9f" * 32}
    seen = read("camera", "camera.sighting", {"what": "person", "picture": picture})
    assert isinstance(seen, Reported)
    assert seen.data == {"what": "person"}
    assert [one["type"] for one in seen.faults] == ["foreign_picture"]
    assert isinstance(read("lift_camera", "lift.sighting", {"picture": picture}), Refused)
    call = read("panel", "panel.call", {"unit_id": "u1", "photo": key})
    assert isinstance(call, Reported)
    assert call.data == {"unit_id": "u1"}


def test_the_index_says_which_kinds_report_what_and_in_which_units():
    index = CONTRACT["index.json"]
    assert index["events"]["sos.pressed"] == {
        "schema": "sos.pressed.json",
        "kinds": ["wristband"],
        "queue": "device-sos",
        "urgent": True,
        "quiet": False,
    }
    assert index["telemetry"]["meter"]["energy"] == "Wh"
    assert set(index["telemetry"]) == {k for k, one in PROFILES.items() if one.telemetry}

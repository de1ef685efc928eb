import json
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from chalicelib.core.errors import BadRequest
from chalicelib.devices.adapters.mapper import translate
from chalicelib.devices.schemas.adapters import VendorMapping
from tests.devices.adapters.conftest import SETTINGS

MAPPING = {
    "each": "body.records",
    "id": "sn",
    "time": "ts",
    "child": "dev.no",
    "replayed": "history",
    "events": [
        {
            "type": "bin.opened",
            "when": {"path": "evt", "one_of": ["open", 1]},
            "data": {
                "category": {"path": "lid", "words": {"1": "kitchen", "2": "other"}},
                "holder": {"path": "card"},
                "session": {"constant": "s"},
            },
        }
    ],
    "readings": {
        "temperature": {"path": "t10", "factor": 0.1, "shift": -40},
        "fullness": {"path": "full", "factor": 0.01},
    },
}
RECORD = {"sn": 7, "ts": 1795248187, "dev": {"no": "B-1"}, "evt": "open", "lid": 1, "card": "c1"}


def told(*records, **changes):
    mapping = VendorMapping.model_validate({**MAPPING, **changes}).model_dump()
    body = json.dumps({"body": {"records": records}}).encode()
    return translate(body, "application/json", {**SETTINGS, "mapping": mapping})


def test_an_event_is_told_if_its_condition_holds():
    (event,) = told(RECORD)
    assert (event.type, event.id, event.child) == ("bin.opened", "7/0", "B-1")
    assert event.occurred_at == datetime(2026, 11, 21, 8, 3, 7, tzinfo=UTC)
    assert event.data == {"category": "kitchen", "holder": "c1", "session": "s"}
    assert told({**RECORD, "evt": "close"}) == []


def test_one_and_true_are_not_the_same():
    assert told({**RECORD, "evt": True}) == []
    assert len(told({**RECORD, "evt": 1})) == 1


def test_readings_are_brought_to_our_units():
    (event,) = told({"ts": "2026-11-21 16:03:07", "t10": "615", "full": 83})
    said = {reading.name: reading.value for reading in event.readings}
    assert said == {"temperature": 21.5, "fullness": 0.83}
    assert event.occurred_at == datetime(2026, 11, 21, 8, 3, 7, tzinfo=UTC)


def test_what_is_from_a_buffer_says_so():
    assert told({**RECORD, "history": True})[0].replayed


@pytest.mark.parametrize("body", [b"7", b"[]", b'{"body": {"records": [1]}}', b'{"body": 1}'])
def test_a_body_that_the_mapping_does_not_fit_is_refused(body):
    with pytest.raises(BadRequest):
        translate(body, "application/json", {**SETTINGS, "mapping": MAPPING})


@pytest.mark.parametrize(
    "mapping",
    [
        {},
        {"events": [{"type": "NoType"}]},
        {"readings": {"temperature": {}}},
        {"readings": {"temperature": {"path": "a", "constant": 1}}},
        {"readings": {"temperature": {"path": "a..b"}}},
        {"readings": {"temperature": {"path": "a", "factor": float("inf")}}},
        {"readings": {"temperature": {"path": "a"}}, "surprise": 1},
    ],
)
def test_a_mapping_that_means_nothing_is_not_saved(mapping):
    with pytest.raises(ValidationError):
        VendorMapping.model_validate(mapping)

"""What `make new-function` builds its tests from: any event can be imagined, any effect seen."""

import dataclasses
from importlib import import_module

import pytest

from chalicelib.vision.events import FrameRefused, Reason, Sighted
from tests.access.conftest import flat  # noqa: F401 -- the fixture of the same town
from tests.architecture.source import dotted, python
from tests.functions.conftest import delivered, imagined, kept

EVENTS = [
    value
    for path in python("chalicelib")
    if path.stem == "events"
    for value in vars(import_module(dotted(path))).values()
    if dataclasses.is_dataclass(value) and "community_id" in value.__dataclass_fields__
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_every_event_can_be_imagined_and_delivered(event):
    (message,) = delivered(imagined(event, community_id="com_1"))["Records"]
    assert event.__name__ in message["body"]


def test_choices_optionals_and_parts_are_filled():
    @dataclasses.dataclass(frozen=True)
    class Part:
        refusal: FrameRefused
        seen: Sighted | None

    made = imagined(Part)
    assert made.refusal.reason is next(iter(Reason))
    assert made.seen is None


def test_what_is_kept_tells_one_delivery_from_two(flat):  # noqa: F811 -- the fixture
    before = kept("access")
    flat.ring()
    after = kept("access")
    assert {short for short in after if after[short] != before[short]} == {
        "calls",
        "panel_rings",
        "outbox",
    }
    assert kept("access") == after

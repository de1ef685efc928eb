"""What devices keep, number, mark and send, in good and bad manners; no network."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime

import pytest

from chalicelib.devices.adapters import ADAPTERS
from chalicelib.devices.rules.uplink import Refused
from chalicelib.devices.schemas.adapters import AdapterSettings
from chalicelib.devices.schemas.uplink import read_batch
from tools.simulate import vendors
from tools.simulate.conducts import CONDUCTS, Manner
from tools.simulate.estate import Device
from tools.simulate.fleet import Wish, WishError
from tools.simulate.http_device import HttpDevice
from tools.simulate.life import Life
from tools.simulate.posting import Posted
from tools.simulate.reporter import Answer, Published, Reporter
from tools.simulate.signing import DeviceKey, Json
from tools.simulate.waiting import eventually

HEARD = Answer(heard=True, again_s=None, words=("accepted",))


class Cloud:
    """Keeps what reaches it; refuses the first `deaf` messages."""

    def __init__(self, deaf: int = 0, again_s: float | None = None) -> None:
        self.got: list[tuple[str, list[Json]]] = []
        self.deaf, self.again_s = deaf, again_s

    def send(self, events: list[Json], message_id: str) -> Answer:
        self.got.append((message_id, events))
        self.deaf -= 1
        return HEARD if self.deaf < 0 else Answer(heard=False, again_s=self.again_s, words=("429",))

    @property
    def events(self) -> list[Json]:
        return [event for _, events in self.got for event in events]


def reporter(cloud: Cloud, manner: Manner = CONDUCTS["good"].manner, rate: float = 0) -> Reporter:
    return Reporter("dev", cloud, Life("meter"), manner=manner, rate=rate)


def test_what_is_not_heard_is_sent_again_as_the_same_message():
    cloud = Cloud(deaf=2, again_s=0.05)
    speaking = reporter(cloud).start()
    speaking.say("device.heartbeat", {})
    assert eventually(lambda: len(cloud.got) == 3)
    speaking.stop()
    assert len({message_id for message_id, _ in cloud.got}) == 1
    assert speaking.counts == Counter({"429": 2, "accepted": 1, "messages": 1})


def test_what_waited_is_marked_as_replayed_and_keeps_its_numbers():
    cloud = Cloud()
    speaking = reporter(cloud, Manner(away_s=0.1))
    speaking.say("device.heartbeat", {})
    speaking._kept[0]["time"] = "2020-01-01T00:00:00+00:00"
    speaking.say("device.heartbeat", {})
    speaking.start()
    assert eventually(lambda: len(cloud.events) == 2)
    speaking.stop()
    assert [event.get("replayed", False) for event in cloud.events] == [True, False]
    assert [event["sequence"] for event in cloud.events] == [1, 2]


@pytest.mark.parametrize(
    ("conduct", "wrong"), [("stuck", "sequence"), ("other_source", "source"), ("behind", "time")]
)
def test_a_bad_manner_has_the_fault_that_it_is_named_for(conduct: str, wrong: str):
    good, bad = Cloud(), Cloud()
    for cloud, manner in ((good, CONDUCTS["good"].manner), (bad, CONDUCTS[conduct].manner)):
        speaking = reporter(cloud, manner)
        for _ in range(2):
            speaking.say("device.heartbeat", {})
        speaking.start()
        assert eventually(lambda cloud=cloud: len(cloud.events) == 2)  # type: ignore[misc]  # a default binds the name
        speaking.stop()
    first, second = good.events[1], bad.events[1]
    assert (
        first[wrong][:4] != second[wrong][:4] if wrong == "time" else first[wrong] != second[wrong]
    )


def test_a_rate_is_kept():
    cloud = Cloud()
    speaking = reporter(cloud, rate=50).start()
    time.sleep(0.5)
    speaking.stop()
    assert 15 <= len(cloud.events) <= 30
    assert {event["type"] for event in cloud.events} == {"device.telemetry"}


@pytest.mark.parametrize("body", ["half_broken", "huge", "deep"])
def test_half_a_batch_is_broken_and_the_other_half_is_not(body: str):
    device = Device("meter", "com", DeviceKey("dev", "k1", b"key"), "dev", "")
    speaking = reporter(Cloud())
    made = [speaking.say(*Life("meter").next()) for _ in range(2)]
    posted = Posted(HttpDevice(device, ""), CONDUCTS[body].manner)
    read = read_batch(
        posted._body(made), "dev", "meter", folder="c/stills/dev", at=datetime.now(UTC)
    )
    assert any(isinstance(one, Refused) for one in read)


@pytest.mark.parametrize("adapter", sorted(vendors.MESSAGES))
def test_a_vendor_device_says_what_its_adapter_understands(adapter: str):
    settings = vendors.SETTINGS.get(adapter, {})
    device = Device(
        vendors.KINDS[adapter],
        "com",
        DeviceKey("dev", "k1", b"key"),
        "dev",
        "",
        serial="SIM-1",
        adapter=adapter,
        adapter_settings=settings,
    )
    content_type, body = vendors.Vendor(device, "http://x")._message()
    known = AdapterSettings.model_validate(settings).model_dump(mode="json")
    assert ADAPTERS.load(adapter).translate(body, content_type, known)


def test_a_fleet_is_read_from_a_few_words():
    assert Wish.read("meter*20:behind@0.5") == Wish("meter", 20, "behind", 0.5)
    assert Wish.read("gate+mqtt") == Wish("gate", by_mqtt=True)
    assert Wish.read("dahua*2") == Wish("plate_camera", 2, adapter="dahua")
    for text in ("metre", "meter*x", "meter:polite", "meter@"):
        with pytest.raises(WishError):
            Wish.read(text)


def test_by_mqtt_alarms_go_first_and_by_their_own_topic():
    sent: list[tuple[str, Json | list[Json]]] = []
    beat, sos, sample = (
        {"type": kind} for kind in ("device.heartbeat", "sos.pressed", "device.telemetry")
    )
    way = Published(lambda leaf, told: sent.append((leaf, told)))
    for events in ([beat, sos, sample, sos], [sos], [sample, sos], [sample, sample], [beat]):
        way.send(events, "m_1")
    assert sent == [
        ("sos", [sos, sos]),
        ("evt", [beat, sample]),
        ("sos", sos),
        ("sos", sos),
        ("tel", sample),
        ("tel", [sample, sample]),
        ("evt", beat),
    ]

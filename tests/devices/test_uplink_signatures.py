"""Keys of both sorts, over HTTP and over MQTT."""

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chalicelib.core import clock
from chalicelib.devices import public as devices
from chalicelib.devices.rules.catalogue import Kind
from chalicelib.devices.rules.signing import message_content, message_signature, uplink_content
from chalicelib.devices.service import keys
from chalicelib.devices.tables.uplink import AcceptedBatch
from tests.devices.conftest import event


class Signer:
    """A device that makes its own key and shows nobody but its public half."""

    def __init__(self, community, device):
        self.private = Ed25519PrivateKey.generate()
        public = base64.b64encode(self.private.public_key().public_bytes_raw()).decode()
        self.device_id = device.device_id
        self.key_id = keys.rotate(community, device.device_id, public_key=public).key_id
        self.key = device.key  # what a forger might think that it signs with

    def sign(self, content: bytes) -> str:
        return base64.b64encode(self.private.sign(content)).decode()

    def instead(self, headers, raw):
        stamp, message_id = headers["webhook_timestamp"], headers["webhook_id"]
        signature = "v1a," + self.sign(uplink_content(message_id, stamp, raw))
        return {**headers, "webhook_signature": signature}, raw


@pytest.fixture
def signer(panel, community):
    return Signer(community, panel)


def accepted(device_id: str) -> list[AcceptedBatch]:
    return list(AcceptedBatch.query(device_id))


def test_a_device_with_a_key_of_its_own_is_believed(panel, signer, signed):
    assert signed(signer, event(panel.device_id), tamper=signer.instead).status == 200
    assert signed(panel, event(panel.device_id)).status == 200  # and so is its other key


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace("v1a,", "v1,"),
        lambda text: text.replace("v1a,", ""),
        lambda _: "v1a,",
        lambda _: "v1a,not base64!",
        lambda _: "v1a," + base64.b64encode(b"\x00" * 64).decode(),
        lambda text: text[:-4] + "AAA=",
    ],
)
def test_a_spoilt_signature_is_not(panel, signer, signed, spoil):
    def tamper(headers, raw):
        headers, raw = signer.instead(headers, raw)
        return {**headers, "webhook_signature": spoil(headers["webhook_signature"])}, raw

    reply = signed(signer, event(panel.device_id), tamper=tamper)
    assert (reply.status, reply.code) == (401, "bad_signature")


def test_a_shared_key_does_not_sign_under_the_name_of_the_own_one(panel, signer, signed):
    assert signed(signer, event(panel.device_id)).status == 401


def test_one_of_several_signatures_is_enough_and_the_fourth_is_not_read(panel, signed):
    def behind(others):
        def tamper(headers, raw):
            true = headers["webhook_signature"]
            return {**headers, "webhook_signature": " ".join([*others, true])}, raw

        return tamper

    wrong = "v1,AAAA"
    assert signed(panel, event(panel.device_id), tamper=behind([wrong] * 2)).status == 200
    assert signed(panel, event(panel.device_id), tamper=behind([wrong] * 3)).status == 401


def said(device, text: str) -> str:
    signature = message_signature(base64.b64decode(device.key), device.device_id, text)
    return json.dumps({"p": text, "s": signature, "kid": device.key_id})


def test_a_message_is_accepted_once_with_the_time_of_its_coming(panel):
    at = clock.now().replace(microsecond=0)
    message = said(panel, json.dumps([event(panel.device_id), event(panel.device_id)]))
    for _ in range(3):
        devices.accept_message(panel.device_id, message, at)
    (batch,) = accepted(panel.device_id)
    assert len(batch.events) == 2
    assert batch.received_at == clock.epoch_ms(at)


def test_a_message_signed_with_a_key_of_its_own(panel, signer):
    text = json.dumps(event(panel.device_id))
    signature = signer.sign(message_content(panel.device_id, text))
    message = json.dumps({"p": text, "s": signature, "kid": signer.key_id})
    devices.accept_message(panel.device_id, message, clock.now())
    assert len(accepted(panel.device_id)) == 1
    devices.accept_message(panel.device_id, message.replace("panel", "gates"), clock.now())
    assert len(accepted(panel.device_id)) == 1


@pytest.mark.parametrize("text", ["", "[]", "7", "{", "[" * 9_000, '{"id": "\\ud800"}', "[7, {}]"])
def test_a_signed_message_that_is_no_batch_is_dropped(panel, text):
    devices.accept_message(panel.device_id, said(panel, text), clock.now())
    assert accepted(panel.device_id) == []


def test_a_storm_of_messages_is_dropped_and_its_alarms_are_kept(cloud, community):
    band = devices.enrol(community, Kind.WRISTBAND, place_id="1-101", name="手环")

    def send(kind: str, count: int) -> None:
        batch = [event(band.device_id, type=kind, data={}) for _ in range(count)]
        devices.accept_message(band.device_id, said(band, json.dumps(batch)), clock.now())

    for _ in range(11):
        send("device.heartbeat", 100)
    assert len(accepted(band.device_id)) == 10
    send("sos.pressed", 100)
    send("sos.pressed", 99)
    assert len(accepted(band.device_id)) == 12
    send("sos.pressed", 100)  # over the bucket: the sweep will bring it
    assert len(accepted(band.device_id)) == 13
    assert {batch.queue for batch in accepted(band.device_id)} == {"device-events", "device-sos"}

"""Signatures: the published vector of Standard Webhooks, and every byte counts."""

from __future__ import annotations

import base64
import json

import pytest

from tools.simulate.signing import BadSignature, DeviceKey, envelope, opened, webhook_headers

KEY = DeviceKey("gate-1", "k1", b"secret")


def test_matches_the_vector_of_the_standard_webhooks_specification() -> None:
    """Source: standard-webhooks, libraries' common test vector."""
    key = DeviceKey("d", "k", base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
    headers = webhook_headers(
        key, b'{"test": 2432232314}', webhook_id="msg_p5jXN8AQM9LWM0D4loKWxJek", at_s=1614265330
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_an_envelope_opens_with_its_own_key_only() -> None:
    """Another device, key or key id does not open it."""
    sealed = envelope(KEY, {"id": "c1", "note": "开门"})
    assert opened(KEY, sealed) == {"id": "c1", "note": "开门"}
    for other in (
        DeviceKey("gate-2", "k1", b"secret"),
        DeviceKey("gate-1", "k1", b"Secret"),
        DeviceKey("gate-1", "k2", b"secret"),
    ):
        with pytest.raises(BadSignature):
            opened(other, sealed)


def test_a_changed_message_does_not_open() -> None:
    """One changed character breaks the signature."""
    outer = json.loads(envelope(KEY, {"id": "c1"}))
    outer["p"] = outer["p"].replace("c1", "c2")
    with pytest.raises(BadSignature):
        opened(KEY, json.dumps(outer))


@pytest.mark.parametrize(
    "junk", [b"", b"{", b"[]", b'"x"', b'{"p":1,"s":2,"kid":"k1"}', b"\xff\xfe"]
)
def test_junk_is_no_signed_message(junk: bytes) -> None:
    """Anything unreadable is refused in one way."""
    with pytest.raises(BadSignature):
        opened(KEY, junk)

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.devices.rules.catalogue import OPS
from chalicelib.devices.rules.commands import ARROWS, CommandState, may_follow
from chalicelib.devices.rules.signing import in_window, message_signature, same, uplink_signature
from chalicelib.devices.rules.uplink import BURST, Bucket, is_live

AT = datetime(2026, 1, 1, tzinfo=UTC)
LEGAL = {
    ("SENT", "DONE"),
    ("SENT", "REJECTED"),
    ("SENT", "FAILED"),
    ("SENT", "EXPIRED"),
    ("EXPIRED", "LATE_ACK"),
}


@pytest.mark.parametrize("state", CommandState)
@pytest.mark.parametrize("following", CommandState)
def test_a_settled_command_stays_settled(state, following):
    assert may_follow(state, following) is ((state.value, following.value) in LEGAL)
    assert set(ARROWS) == set(CommandState)


def test_the_signature_of_standard_webhooks():
    """The example of the Standard Webhooks specification."""
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert uplink_signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body) == expected


@given(st.binary(min_size=32, max_size=32), st.text(), st.text(), st.text())
def test_a_message_is_bound_to_key_device_and_payload(key, device, payload, other):
    signature = message_signature(key, device, payload)
    assert same(signature, message_signature(key, device, payload))
    if other != payload:
        assert not same(signature, message_signature(key, device, other))
    assert not same(
        signature, message_signature(bytes(32 - len(key)) + key[::-1] + b"x", device, payload)
    )


@pytest.mark.parametrize(
    ("seconds", "inside"), [(300, True), (-300, True), (301, False), (-301, False)]
)
def test_the_window_is_five_minutes_either_way(seconds, inside):
    assert in_window(AT + timedelta(seconds=seconds), AT) is inside


@pytest.mark.parametrize(
    ("age", "live"),
    [
        (timedelta(0), True),
        (timedelta(minutes=5), True),
        (timedelta(minutes=5, seconds=1), False),
        (timedelta(days=-3650), True),
        (timedelta(days=3650), False),
    ],
)
def test_an_old_event_starts_nothing_and_a_wrong_clock_is_not_old(age, live):
    assert is_live(AT - age, AT) is live


def test_a_bucket_fills_at_its_rate_and_never_overflows():
    full = Bucket(BURST, AT)
    empty = full.after(50, AT)
    assert empty is not None
    assert empty.after(1, AT) is None
    later = empty.after(10, AT + timedelta(seconds=1))
    assert later is not None
    assert later.after(1, AT + timedelta(seconds=1)) is None
    rested = later.after(50, AT + timedelta(days=1))
    assert rested is not None
    assert rested.level == 0
    assert full.after(100, AT) == Bucket(-50, AT)


def test_a_gate_is_told_for_five_seconds_only():
    assert OPS["gate.open"].ttl == timedelta(seconds=5)

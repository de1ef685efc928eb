from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.access.rules.calls import (
    ARROWS,
    UNKNOWN_AFTER,
    Call,
    CallState,
    may_follow,
    refusal,
    shown_state,
)

RUNG = datetime(2026, 1, 1, tzinfo=UTC)
END = RUNG + timedelta(seconds=30)
LEGAL = {
    ("RINGING", "GRANTED"),
    ("RINGING", "DENIED"),
    ("RINGING", "EXPIRED"),
    ("GRANTED", "SENT"),
    ("SENT", "OPENED"),
    ("SENT", "FAILED"),
    ("SENT", "UNKNOWN"),
}


def call(state: CallState = CallState.RINGING, **kw) -> Call:
    return Call(state, frozenset({"per_1", "per_2"}), END, **kw)


@pytest.mark.parametrize("state", CallState)
@pytest.mark.parametrize("following", CallState)
def test_only_the_arrows_of_flows_1_are_legal(state, following):
    assert may_follow(state, following) is ((state.value, following.value) in LEGAL)


def test_every_state_has_its_arrows():
    assert set(ARROWS) == set(CallState)


@pytest.mark.parametrize(
    ("person", "state", "after_s", "reason"),
    [
        ("per_1", CallState.RINGING, 0, None),
        ("per_2", CallState.RINGING, 29.999, None),
        ("per_1", CallState.RINGING, 30, "call_expired"),
        ("per_1", CallState.EXPIRED, 31, "call_expired"),
        ("per_3", CallState.RINGING, 0, "not_yours"),
        ("per_3", CallState.OPENED, 0, "not_yours"),
        ("per_1", CallState.SENT, 1, "already_answered"),
        ("per_1", CallState.DENIED, 1, "already_answered"),
    ],
)
def test_who_may_answer_and_until_when(person, state, after_s, reason):
    assert refusal(call(state), person, RUNG + timedelta(seconds=after_s)) == reason


def test_what_is_overdue_is_shown_as_over():
    sent = call(CallState.SENT, command_expires_at=RUNG + timedelta(seconds=5))
    silent = RUNG + timedelta(seconds=5) + UNKNOWN_AFTER
    assert shown_state(sent, silent - timedelta(milliseconds=1)) is CallState.SENT
    assert shown_state(sent, silent) is CallState.UNKNOWN
    assert shown_state(call(), END) is CallState.EXPIRED
    assert shown_state(call(CallState.OPENED), END + timedelta(days=1)) is CallState.OPENED

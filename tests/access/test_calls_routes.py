from datetime import timedelta

import pytest

from chalicelib.core import clock
from chalicelib.devices.rules.commands import CommandState
from chalicelib.devices.tables.commands import Command


@pytest.fixture
def tap(http, sign, flat):
    def do(
        call_id: str,
        verb: str = "open",
        person: str = "per_1",
        key: str = "key-00000001",
        body=None,
    ):
        token = sign(flat.community, person)
        return http(
            "POST", f"/resident/calls/{call_id}/{verb}", body, token=token, idempotency_key=key
        )

    return do


def test_a_gate_that_is_silent_is_answered_with_202(flat, tap, sent, http, sign):
    call_id = flat.ring()
    reply = tap(call_id)
    assert (reply.status, reply.body["state"]) == (202, "SENT")
    shown = http("GET", f"/resident/calls/{call_id}", token=sign(flat.community))
    assert shown.body["command_id"] == reply.body["command_id"]


def test_the_same_key_gets_the_same_opening(flat, tap, sent):
    call_id = flat.ring()
    first, second = tap(call_id), tap(call_id)
    assert second.body == first.body
    assert len(sent) == 1


def test_a_key_with_another_body_is_refused(flat, tap, sent):
    call_id = flat.ring()
    tap(call_id)
    reply = tap(call_id, body={"again": True})
    assert (reply.status, reply.code) == (409, "idempotency_key_reused")
    reply = tap(call_id, verb="deny")
    assert (reply.status, reply.code) == (409, "idempotency_key_reused")
    reply = tap(flat.ring())
    assert (reply.status, reply.code) == (409, "idempotency_key_reused")


def test_another_flats_call_is_404(flat, tap, sent):
    assert tap(flat.ring(), person="per_9").status == 404


def test_the_list_shows_the_call(flat, http, sign):
    call_id = flat.ring()
    items = http("GET", "/resident/calls", token=sign(flat.community)).body["items"]
    assert [(item["call_id"], item["state"]) for item in items] == [(call_id, "RINGING")]


def test_an_answer_given_again_after_the_gates_word_is_gone(flat, tap, sent):
    call_id = flat.ring()
    command_id = tap(call_id).body["command_id"]
    command = Command.of(flat.community, flat.gate.device_id, command_id)
    assert command is not None
    command.settle(CommandState.DONE, "")
    command.save()
    with clock.standing_at(clock.now() + timedelta(seconds=60)):
        reply = tap(call_id)
    assert (reply.status, reply.body["state"]) == (200, "OPENED")

import base64
import json
from contextlib import ExitStack
from datetime import timedelta

import pytest

from benchmarks.calls import counting
from chalicelib.core import clock, ids, outbox
from chalicelib.core.errors import NotFound, Unprocessable
from chalicelib.devices import public as devices
from chalicelib.devices.drivers import loopback
from chalicelib.devices.rules.catalogue import Kind
from chalicelib.devices.rules.commands import CommandState
from chalicelib.devices.rules.signing import message_signature
from chalicelib.devices.service import acks, keys
from chalicelib.devices.tables.commands import Command, CommandAck
from chalicelib.devices.tables.registry import Device
from tests.devices.conftest import row_of
from tools.simulate.signing import DeviceKey, opened


@pytest.fixture
def command(gate, community, sent) -> Command:
    made = devices.prepare(
        community,
        gate.device_id,
        "gate.open",
        {},
        command_id=ids.new_id("cmd"),
        cause=devices.Cause("call_1", "per_1"),
    )
    outbox.commit(made)
    return made


def said(device, payload: dict, *, key: bytes | None = None, device_id: str = "") -> str:
    text = json.dumps(payload)
    key = key or base64.b64decode(device.key)
    signature = message_signature(key, device_id or device.device_id, text)
    return json.dumps({"id": payload.get("id"), "p": text, "s": signature, "kid": device.key_id})


def ack(gate, command: Command, result: str = "DONE", **kw) -> str:
    return said(gate, {"id": command.command_id, "result": result}, **kw)


def state(command: Command) -> str:
    row = Command.find(command.device_key, command.command_id)
    assert row is not None
    return row.state


def settled(community: str) -> list[str]:
    rows = [row for row in outbox.OutboxRow.scan() if row.community_id == community]
    return [json.loads(row.body)["state"] for row in rows if row.name == "devices.CommandSettled"]


@pytest.mark.parametrize("result", ["DONE", "REJECTED", "FAILED"])
def test_an_acknowledgement_settles_once(gate, command, community, result):
    for _ in range(3):
        devices.settle(community, gate.device_id, ack(gate, command, result), clock.now())
    assert state(command) == result
    assert settled(community) == [result]


def test_an_acknowledgement_may_come_in_base64(gate, command, community):
    passed_on = base64.b64encode(ack(gate, command).encode()).decode()
    devices.settle(community, gate.device_id, passed_on, clock.now())
    assert state(command) == "DONE"


def test_a_forged_acknowledgement_changes_nothing(gate, command, community):
    other = devices.enrol(community, Kind.GATE, place_id="west", name="西门")
    forgeries = [
        ack(gate, command, key=b"x" * 32),
        ack(gate, command, device_id=other.device_id),
        ack(other, command),
        ack(gate, command, "OPEN"),
        "not json",
        "[]",
        json.dumps({"p": "{}"}),
        json.dumps({"p": "{}", "s": 5, "kid": None}),
    ]
    for message in forgeries:
        devices.settle(community, gate.device_id, message, clock.now())
    devices.settle("com_other", gate.device_id, ack(gate, command), clock.now())
    assert state(command) == "SENT"


def test_a_late_acknowledgement_is_not_believed_by_a_reader(gate, command, community):
    kept(gate, command, ack(gate, command))
    outcome = devices.await_result(
        community,
        gate.device_id,
        command.command_id,
        end=clock.now() - timedelta(seconds=10),
        until=clock.now(),
    )
    assert outcome.state is CommandState.SENT


def test_a_device_that_was_reset_is_believed_after_a_minute(gate, sent):
    def hello(session: str, boot: int) -> str | None:
        message = said(gate, {"session": session, "boot": boot, "monotonic": 5})
        devices.hear_hello(gate.device_id, message, clock.now())
        device = Device.find(gate.device_id)
        return str(device.session) if device else None

    assert hello("mad", 2**53) == "None"  # it would outrank every later one
    assert hello("high", clock.epoch_ms(clock.now())) == "high"
    assert hello("low", 3) == "high"
    with clock.standing_at(clock.now() + timedelta(seconds=61)):
        assert hello("low", 3) == "low"


def test_a_late_acknowledgement_is_never_done(gate, command, community):
    late = clock.now() + timedelta(seconds=8)
    devices.settle(community, gate.device_id, ack(gate, command), late)
    assert state(command) == "LATE_ACK"
    assert settled(community).count("DONE") == 0


def test_silence_expires_the_command(gate, command, community):
    later = clock.now() + timedelta(seconds=8)
    with clock.standing_at(later):
        devices.expire_commands(limit=10_000)
        devices.expire_commands(limit=10_000)
    assert state(command) == "EXPIRED"
    assert settled(community) == ["EXPIRED"]


def kept(gate, command: Command, message: str) -> None:
    """Write an acknowledgement as the broker's rule does."""
    CommandAck(
        device_id=gate.device_id,
        command_id=command.command_id,
        community_id=command.community_id,
        payload=message,
        received_at=clock.epoch_ms(clock.now()),
        expires=2**31,
    ).save()


def odd(gate, command: Command) -> list[str]:
    """Acknowledgements that no device should send: unsigned bombs, signed nonsense."""
    return [
        json.dumps({"id": command.command_id, "p": "[" * 20_000, "s": "x", "kid": "k1"}),
        json.dumps({"id": command.command_id, "p": "{}", "s": "\ud800", "kid": "k1"}),
        "[" * 20_000,
        ack(gate, command, "BANANA"),
        ack(gate, command, "SENT"),
        ack(gate, command, "EXPIRED"),
        said(gate, {"id": command.command_id, "result": ["DONE"]}),
        said(gate, {"id": command.command_id}),
        said(gate, {"id": command.command_id, "result": "DONE", "reason": "\ud800"}),
    ]


@pytest.mark.parametrize("number", range(9))
def test_an_odd_acknowledgement_is_silence(gate, command, community, number):
    message = odd(gate, command)[number]
    kept(gate, command, message)
    devices.settle(community, gate.device_id, message, clock.now())
    until = clock.now()
    outcome = devices.await_result(
        community, gate.device_id, command.command_id, end=until, until=until
    )
    assert outcome.state is CommandState.SENT
    with clock.standing_at(clock.now() + timedelta(seconds=8)):
        devices.expire_commands(limit=10_000)
    assert state(command) == "EXPIRED"


def test_a_waiting_reader_believes_only_the_device(gate, command, community):
    def read() -> CommandState:
        until = clock.now() + timedelta(milliseconds=60)
        return devices.await_result(
            community, gate.device_id, command.command_id, end=until, until=until
        ).state

    assert read() is CommandState.SENT
    kept(gate, command, ack(gate, command, key=b"x" * 32))
    assert read() is CommandState.SENT
    row = CommandAck.find(gate.device_id, command.command_id)
    assert row is not None
    row.payload = ack(gate, command)
    row.save()
    assert read() is CommandState.DONE


def test_a_command_names_the_session_that_was_announced_last(gate, community, sent):
    def hello(session: str, boot: int) -> None:
        message = said(gate, {"session": session, "boot": boot, "monotonic": 5})
        devices.hear_hello(gate.device_id, message, clock.now())

    hello("s2", 2)
    hello("s1", 1)
    made = devices.prepare(
        community,
        gate.device_id,
        "gate.open",
        {},
        command_id="cmd_1",
        cause=devices.Cause("c", "p"),
    )
    assert json.loads(made.payload)["session"] == "s2"
    ((topic, answer),) = sent
    assert topic.endswith("/time")
    told = opened(
        DeviceKey(gate.device_id, gate.key_id, base64.b64decode(gate.key)), json.dumps(answer)
    )
    assert (told["session"], told["monotonic"]) == ("s2", 5)
    assert set(answer) == {"p", "s", "kid"}, "nothing about the time is unsigned"


def test_an_older_hello_of_the_same_boot_sent_again_changes_nothing(gate, sent):
    def hello(session: str, boot: int, monotonic: int) -> str:
        message = said(gate, {"session": session, "boot": boot, "monotonic": monotonic})
        devices.hear_hello(gate.device_id, message, clock.now())
        return str(row_of(gate.device_id).session)

    assert hello("s1", 7, 1_000) == "s1"
    assert hello("s2", 7, 2_000) == "s2"
    with clock.standing_at(clock.now() + timedelta(minutes=2)):
        assert hello("s1", 7, 1_000) == "s2"
        assert hello("s2", 7, 2_000) == "s2"
    assert len(sent) == 2
    assert hello("s3", 8, 5) == "s3"
    assert hello("s4", 9, -1) == "s3"


def test_a_forged_hello_is_not_believed(gate, community, sent):
    message = said(gate, {"session": "evil", "boot": 9, "monotonic": 5}, key=b"x" * 32)
    devices.hear_hello(gate.device_id, message, clock.now())
    device = Device.find(gate.device_id)
    assert device is not None
    assert device.session is None
    assert sent == []


@pytest.mark.parametrize("late_s", [3, 4, 180])
def test_a_hello_that_was_under_way_for_long_sets_no_clock(gate, sent, late_s):
    message, received_at = said(gate, {"session": "s", "boot": 1, "monotonic": 5}), clock.now()
    with clock.standing_at(received_at + timedelta(seconds=late_s)):
        devices.hear_hello(gate.device_id, message, received_at)
    device = Device.find(gate.device_id)
    assert device is not None
    assert (device.session, len(sent)) == (("s", 1) if late_s <= 3 else (None, 0))


@pytest.mark.parametrize(
    "wrong", [{"session": "s"}, {"session": "s", "boot": "x", "monotonic": 1}, {}]
)
def test_a_hello_that_says_nothing_useful_is_dropped(gate, sent, wrong):
    devices.hear_hello(gate.device_id, said(gate, wrong), clock.now())
    assert sent == []


@pytest.mark.parametrize(
    ("changes", "refusal", "code"),
    [
        ({"community_id": "com_other"}, NotFound, "no_such_device"),
        ({"device_id": "dev_none"}, NotFound, "no_such_device"),
        ({"op": "lift.hold", "args": {"max_s": 60}}, Unprocessable, "wrong_device_kind"),
        ({"op": "gate.unhinge"}, Unprocessable, "unknown_op"),
        ({"args": {"minutes": 5}}, Unprocessable, "bad_arguments"),
    ],
)
def test_what_is_not_ours_or_cannot_be_is_not_commanded(gate, community, changes, refusal, code):
    asked = {"community_id": community, "device_id": gate.device_id, "op": "gate.open", "args": {}}
    with pytest.raises(refusal, match=code):
        devices.prepare(**{**asked, **changes}, command_id="c", cause=devices.Cause("c", "p"))


def test_preparing_and_carrying_a_command_costs_one_read(gate, community, sent):
    with counting("dynamodb") as tally:
        made = devices.prepare(
            community,
            gate.device_id,
            "gate.open",
            {},
            command_id="c",
            cause=devices.Cause("c", "p"),
        )
        devices.dispatch(made)
    assert dict(tally.calls) == {"GetItem": 1}
    assert len(sent) == 1


def test_a_gate_that_has_not_got_its_new_key_yet_still_obeys(gate, community, sent):
    hello = said(gate, {"session": "s1", "boot": 1, "monotonic": 5})
    devices.hear_hello(gate.device_id, hello, clock.now())
    keys.rotate(community, gate.device_id)
    made = devices.prepare(
        community, gate.device_id, "gate.open", {}, command_id="c", cause=devices.Cause("c", "p")
    )
    assert made.key_id == gate.key_id


def test_a_driver_that_fails_leaves_the_command_to_expire(gate, community, command):
    def fail(_topic: str, _payload: bytes) -> None:
        raise ConnectionError

    with loopback.subscribed(fail):
        devices.dispatch(command)
    assert state(command) == "SENT"
    with clock.standing_at(clock.now() + timedelta(seconds=8)):
        devices.dispatch(command)  # as if a process had slept: its time is over
        devices.expire_commands(limit=10_000)
    assert state(command) == "EXPIRED"


def test_many_who_wait_for_one_command_do_not_hold_every_thread(gate, command, community):
    end = clock.now() + timedelta(seconds=5)
    with ExitStack() as others:
        for _ in range(acks.MOST_WAITERS):
            others.enter_context(acks.patience(command.command_id))
        begun = clock.now()
        outcome = devices.await_result(
            community, gate.device_id, command.command_id, end=end, until=end
        )
        assert clock.now() - begun < timedelta(seconds=1)
    assert outcome.state is CommandState.SENT

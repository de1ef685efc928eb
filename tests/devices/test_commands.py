import base64
import json
from datetime import timedelta

import pytest

from chalicelib.core import clock, ids, outbox
from chalicelib.core.errors import NotFound, Unprocessable
from chalicelib.devices import public as devices
from chalicelib.devices import rules
from chalicelib.devices.rules import CommandState, Kind
from chalicelib.devices.tables import Command, CommandAck, Device


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
    signature = rules.message_signature(key, device_id or device.device_id, text)
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

    assert hello("high", 2**53) == "high"
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
    ((topic, told),) = sent
    assert topic.endswith("/time")
    assert told["session"] == "s2"
    assert told["monotonic"] == 5


def test_a_forged_hello_is_not_believed(gate, community, sent):
    message = said(gate, {"session": "evil", "boot": 9, "monotonic": 5}, key=b"x" * 32)
    devices.hear_hello(gate.device_id, message, clock.now())
    device = Device.find(gate.device_id)
    assert device is not None
    assert device.session is None
    assert sent == []


@pytest.mark.parametrize(
    "wrong", [{"session": "s"}, {"session": "s", "boot": "x", "monotonic": 1}, {}]
)
def test_a_hello_that_says_nothing_useful_is_dropped(gate, sent, wrong):
    devices.hear_hello(gate.device_id, said(gate, wrong), clock.now())
    assert sent == []


def test_a_command_for_what_is_not_ours_or_cannot(gate, panel, community):
    def prepare(tenant: str, device_id: str) -> None:
        devices.prepare(
            tenant, device_id, "gate.open", {}, command_id="c", cause=devices.Cause("c", "p")
        )

    with pytest.raises(NotFound, match="no_such_device"):
        prepare("com_other", gate.device_id)
    with pytest.raises(Unprocessable, match="wrong_device_kind"):
        prepare(community, panel.device_id)

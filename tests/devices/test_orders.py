"""Devices commanded by hand, over HTTP: who may, what is kept, how it is answered."""

import base64
import json
import uuid
from collections.abc import Iterator

import pytest

from chalicelib.core import clock
from chalicelib.core.config import settings
from chalicelib.devices import public as devices
from chalicelib.devices.drivers import loopback
from chalicelib.devices.rules.catalogue import Kind
from chalicelib.devices.rules.signing import message_signature
from chalicelib.devices.tables.commands import Command, CommandAck
from chalicelib.devices.tables.registry import Device
from functions.wakes import Function
from infra.one_machine import rights
from tests.devices.dahua import PASSWORD, USER, Controller

ORDER = {"op": "gate.open", "args": {}, "reason": "快递员送货，业主已电话确认"}


@pytest.fixture
def ask(http, sign, community):
    """Ask as a member of staff of the community."""

    def send(method, path, body=None, *, role="guard", key=None, tenant=community):
        token = sign(tenant, "per_guard", audience="property", roles=[role])
        headers = {"idempotency_key": key or uuid.uuid4().hex} if method == "POST" else {}
        return http(method, f"/property/devices/{path}", body, token=token, **headers)

    return send


RULE = Function("ack-rule", (), tables={"command_acks": "rw"})


def obey(device, result: str = "DONE", reason: str = ""):
    """Play a device on the bus: acknowledge each command as the broker's rule writes it."""

    def hear(topic: str, payload: bytes) -> None:
        told = json.loads(json.loads(payload)["p"])
        text = json.dumps({"id": told["id"], "result": result, "reason": reason})
        signature = message_signature(base64.b64decode(device.key), device.device_id, text)
        ack = CommandAck(
            device_id=device.device_id,
            command_id=told["id"],
            community_id=topic.split("/")[2],
            payload=json.dumps({"p": text, "s": signature, "kid": device.key_id}),
            received_at=clock.epoch_ms(clock.now()),
            expires=2**31,
        )
        with rights.running(RULE):
            ack.save()

    return loopback.subscribed(hear)


def test_a_gate_is_opened_by_hand_and_who_and_why_stay_on_record(gate, ask):
    with obey(gate):
        reply = ask("POST", f"{gate.device_id}/commands", ORDER)
    assert (reply.status, reply.body["state"]) == (200, "DONE")
    assert reply.body["settled_at"]
    path = f"{gate.device_id}/commands/{reply.body['command_id']}"
    shown = ask("GET", path, role="property_manager").body
    assert shown["ordered_by"] == "per_guard"
    assert shown["why"] == ORDER["reason"]
    assert ask("GET", f"{gate.device_id}/commands").body["items"][0] == shown


@pytest.mark.parametrize("result", ["REJECTED", "FAILED"])
def test_a_device_that_refuses_says_why(gate, ask, result):
    with obey(gate, result, "jammed"):
        reply = ask("POST", f"{gate.device_id}/commands", ORDER)
    assert (reply.status, reply.body["state"], reply.body["reason"]) == (200, result, "jammed")


def test_a_silent_device_is_waited_for_no_longer_than_two_seconds(gate, ask, sent):
    begun = clock.now()
    reply = ask("POST", f"{gate.device_id}/commands", ORDER)
    assert (reply.status, reply.body["state"]) == (202, "SENT")
    assert (clock.now() - begun).total_seconds() < 4
    assert len(sent) == 1


def test_the_same_key_is_the_same_command(gate, ask, sent):
    key = uuid.uuid4().hex
    with obey(gate):
        replies = [ask("POST", f"{gate.device_id}/commands", ORDER, key=key) for _ in range(3)]
    assert len({reply.body["command_id"] for reply in replies}) == 1
    assert {reply.body["state"] for reply in replies} == {"DONE"}
    assert len(sent) == 1
    other = ask("POST", f"{gate.device_id}/commands", {**ORDER, "reason": "换了理由"}, key=key)
    assert (other.status, other.code) == (409, "idempotency_key_reused")


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        ({**ORDER, "op": "gate.unhinge"}, (422, "unknown_op")),
        ({**ORDER, "op": "lift.hold", "args": {"max_s": 60}}, (422, "wrong_device_kind")),
        ({**ORDER, "args": {"wide": True}}, (422, "bad_arguments")),
        ({**ORDER, "op": "GATE"}, (400, "invalid_request")),
        ({**ORDER, "reason": ""}, (400, "invalid_request")),
        ({**ORDER, "reason": "x" * 201}, (400, "invalid_request")),
        ({**ORDER, "reason": "a\u202eb"}, (400, "invalid_request")),
        ({**ORDER, "by": "somebody else"}, (400, "invalid_request")),
        ({**ORDER, "command_id": "cmd_mine"}, (400, "invalid_request")),
        ({"op": "gate.open"}, (400, "invalid_request")),
    ],
)
def test_an_order_that_makes_no_sense_moves_nothing(gate, ask, sent, body, refused):
    reply = ask("POST", f"{gate.device_id}/commands", body)
    assert (reply.status, reply.code) == refused
    assert sent == []


@pytest.mark.parametrize("role", ["property_clerk", "worker"])
def test_who_may_not_operate_devices(gate, ask, sent, role):
    for method, path, body in (
        ("POST", "commands", ORDER),
        ("GET", "commands", None),
        ("GET", "commands/cmd_1", None),
    ):
        reply = ask(method, f"{gate.device_id}/{path}", body, role=role)
        assert (reply.status, reply.code) == (403, "not_permitted")
    assert sent == []


def test_another_estates_devices_do_not_exist(gate, ask, sent):
    with obey(gate):
        made = ask("POST", f"{gate.device_id}/commands", ORDER).body
    for method, path, body in (
        ("POST", "commands", ORDER),
        ("GET", "commands", None),
        ("GET", f"commands/{made['command_id']}", None),
    ):
        reply = ask(method, f"{gate.device_id}/{path}", body, tenant="com_other")
        assert (reply.status, reply.code) == (404, "no_such_device")
    assert len(sent) == 1


def test_the_list_shows_the_newest_first_and_nobody_who_came_home(gate, ask, community, sent):
    for number in range(5):
        made = devices.prepare(
            community,
            gate.device_id,
            "gate.open",
            {},
            command_id=f"cmd_{9 - number}",
            cause=devices.Cause(f"call_{number}", "per_resident"),
        )
        made.sent_at += number
        made.save()
    seen, cursor = [], ""
    while True:
        page = ask("GET", f"{gate.device_id}/commands?limit=2{cursor}").body
        seen += [item["cause_id"] for item in page["items"]]
        assert "per_resident" not in json.dumps(page)
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == [f"call_{number}" for number in (4, 3, 2, 1, 0)]
    assert ask("GET", f"{gate.device_id}/commands/cmd_none").code == "no_such_command"


# -- a vendor's controller -----------------------------------------------------------------------


@pytest.fixture
def controller(monkeypatch: pytest.MonkeyPatch) -> Iterator[Controller]:
    with Controller() as made:
        monkeypatch.setenv("LINLI_DRIVER_HOSTS", f"127.0.0.1:{made.port}")
        settings.cache_clear()
        yield made
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
def door(cloud, community, controller, ask) -> devices.Enrolment:
    made = devices.enrol(community, Kind.DOOR, place_id="east", name="单元门")
    assert connect(ask, made, controller).status == 200
    return made


def connect(ask, device, controller, **changes):
    at = {"host": "127.0.0.1", "port": controller.port, "channel": 3}
    wish = {"driver": "dahua_http", **at, "user": USER, "password": PASSWORD, **changes}
    return ask("PUT", f"{device.device_id}/driver", wish, role="property_manager")


OPEN = {**ORDER, "op": "door.open"}


def test_a_dahua_controller_answers_at_once(door, ask, controller, sent):
    reply = ask("POST", f"{door.device_id}/commands", OPEN)
    assert (reply.status, reply.body["state"]) == (200, "DONE")
    assert controller.opened == [("openDoor", "3")]
    assert sent == [], "it is on no bus"
    shown = ask("GET", f"{door.device_id}/commands/{reply.body['command_id']}").body
    assert shown["state"] == "DONE"
    assert shown["settled_at"] is not None


@pytest.mark.parametrize(
    ("conduct", "said"),
    [
        ("refuses", (200, "FAILED", "refused")),
        ("busy", (200, "FAILED", "http_500")),
        ("forgets_its_challenge", (200, "FAILED", "bad_credentials")),
        ("opens_and_says_nothing", (202, "SENT", "")),
    ],
)
def test_what_became_of_it_is_said_and_it_is_never_told_twice(door, ask, controller, conduct, said):
    controller.conduct, key = conduct, uuid.uuid4().hex
    for _ in range(3):
        reply = ask("POST", f"{door.device_id}/commands", OPEN, key=key)
        assert (reply.status, reply.body["state"], reply.body["reason"]) == said
    assert len(controller.asked) <= 2
    assert len(controller.opened) <= 1


def test_a_command_that_nobody_knows_of_expires(door, ask, controller, community):
    controller.conduct = "opens_and_says_nothing"
    made = ask("POST", f"{door.device_id}/commands", OPEN).body
    row = Command.of(community, door.device_id, made["command_id"])
    assert row is not None
    with clock.standing_at(clock.from_epoch_ms(int(row.expires_at) + 10_000)):
        devices.expire_commands(limit=10_000)
    shown = ask("GET", f"{door.device_id}/commands/{made['command_id']}").body
    assert shown["state"] == "EXPIRED"
    assert len(controller.opened) == 1


def test_a_controllers_password_is_kept_sealed_and_never_shown(door, ask, controller):
    row = Device.find(door.device_id)
    assert row is not None
    assert PASSWORD not in json.dumps(row.serialize())
    assert PASSWORD not in json.dumps(connect(ask, door, controller).body)


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({"host": "169.254.169.254"}, (422, "address_not_allowed")),
        ({"host": "10.0.0.8"}, (422, "address_not_allowed")),
        ({"port": 22}, (422, "address_not_allowed")),
        ({"host": "2130706433"}, (422, "address_not_an_ip")),
        ({"host": "localhost"}, (422, "address_not_an_ip")),
        ({"host": None}, (422, "connection_required")),
        ({"driver": "loopback"}, (422, "connection_not_taken")),
        ({"driver": "carrier_pigeon"}, (422, "unknown_driver")),
        ({"driver": "iot_core", "host": None}, (422, "unknown_driver")),
        ({"host": "http://127.0.0.1/"}, (400, "invalid_request")),
        ({"user": 'a"b'}, (400, "invalid_request")),
        ({"channel": 0}, (400, "invalid_request")),
    ],
)
def test_a_driver_reaches_no_address_off_the_list(door, ask, controller, changes, refused):
    reply = connect(ask, door, controller, **changes)
    assert (reply.status, reply.code) == refused
    assert ask("POST", f"{door.device_id}/commands", OPEN).body["state"] == "DONE"


def test_a_device_goes_back_to_the_bus(door, ask, controller, sent):
    assert ask(
        "PUT", f"{door.device_id}/driver", {"driver": "loopback"}, role="property_manager"
    ).body == {"device_id": door.device_id, "driver": "loopback"} | dict.fromkeys(
        ("host", "port", "channel")
    )
    with obey(door):
        assert ask("POST", f"{door.device_id}/commands", OPEN).body["state"] == "DONE"
    assert len(sent) == 1
    assert controller.opened == []

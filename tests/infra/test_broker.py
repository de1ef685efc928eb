"""The broker lets each device speak for itself alone, with its own password."""

import base64
import hashlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from paho.mqtt.client import Client, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from infra.one_machine import broker, ports
from infra.one_machine.bridge import Bridge, without_delay
from infra.one_machine.broker import Account
from infra.one_machine.home import Home
from infra.one_machine.ports import Ports

GATE = Account("gate-1", "heyuan", "gate-1-word")
OTHER = Account("gate-2", "heyuan", "gate-2-word")
SERVER_WORD = "server-word"


def test_passwords_are_kept_as_mosquitto_hashes_them(tmp_path: Path):
    broker.admit(Home(tmp_path), [GATE])
    lines = (tmp_path / "broker" / "passwords").read_text().splitlines()
    stored = dict(line.split(":", 1) for line in lines)
    _, kind, rounds, salt, digest = stored["gate-1"].split("$")
    again = hashlib.pbkdf2_hmac("sha512", b"gate-1-word", base64.b64decode(salt), int(rounds), 64)
    assert (kind, base64.b64decode(digest)) == ("7", again)
    assert "word" not in (tmp_path / "broker" / "passwords").read_text()


def test_admitting_the_same_devices_again_changes_nothing(tmp_path: Path):
    home = Home(tmp_path)
    assert broker.admit(home, [GATE, OTHER])
    assert not broker.admit(home, [OTHER, GATE])
    assert broker.admit(home, [GATE])


def test_a_topic_that_is_new_is_let_in_though_the_passwords_are_the_old_ones(tmp_path: Path):
    home = Home(tmp_path)
    broker.admit(home, [GATE])
    access = tmp_path / "broker" / "access"
    access.write_text(access.read_text().replace("topic write linli/v1/heyuan/gate-1/sos\n", ""))
    assert broker.admit(home, [GATE])
    assert "topic write linli/v1/heyuan/gate-1/sos\n" in access.read_text()


class Party:
    """An MQTT client that notes what it hears."""

    def __init__(self, port: int, user: str, word: str, client_id: str = "") -> None:
        self.heard: list[str] = []
        self.refused = threading.Event()
        self.connected = threading.Event()
        self.subscribed = threading.Event()
        self.client = Client(CallbackAPIVersion.VERSION2, client_id or user, protocol=MQTTv5)
        self.client.username_pw_set(user, word)
        self.client.on_socket_open = without_delay
        self.client.on_connect = lambda _c, _u, _f, code, _p: (
            self.refused if code.is_failure else self.connected
        ).set()
        self.client.on_subscribe = lambda *_: self.subscribed.set()
        self.client.on_message = self._hear
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()

    def _hear(self, _: Client, __: object, message: MQTTMessage) -> None:
        self.heard.append(f"{message.topic} {message.payload.decode()}")

    def subscribe(self, topic: str) -> None:
        self.subscribed.clear()
        self.client.subscribe(topic, 1)
        assert self.subscribed.wait(5)

    def say(self, topic: str, words: str) -> None:
        self.client.publish(topic, words, 1).wait_for_publish(5)

    def leave(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("broker"))


@pytest.fixture(scope="module")
def listening(home: Home) -> Iterator[tuple[Ports, int]]:
    chosen = ports.choose(home, 0)
    broker.admit(home, [GATE])
    part = broker.part(home, chosen, SERVER_WORD)
    with (home.root / "log").open("wb") as log:
        process = subprocess.Popen(part.argv, stdout=log, stderr=log, env=dict(os.environ))
    end = time.monotonic() + 10
    while not part.is_ready() and time.monotonic() < end:
        time.sleep(0.02)
    yield chosen, process.pid
    process.terminate()
    process.wait(10)


def test_a_device_hears_and_says_only_what_is_its_own(listening: tuple[Ports, int]):
    chosen, _ = listening
    server = Party(chosen.mqtt_server, broker.SERVER, SERVER_WORD, "test-server")
    gate = Party(chosen.mqtt, GATE.device_id, GATE.password)
    assert gate.connected.wait(5)
    gate.subscribe("linli/v1/#")
    server.subscribe("linli/v1/+/+/ack")
    server.say("linli/v1/heyuan/gate-2/cmd", "not for you")
    server.say("linli/v1/heyuan/gate-1/cmd", "for you")
    gate.say("linli/v1/heyuan/gate-2/ack", "forged")
    gate.say("linli/v1/heyuan/gate-1/ack", "true")
    end = time.monotonic() + 5
    while not (server.heard and gate.heard) and time.monotonic() < end:
        time.sleep(0.02)
    assert gate.heard == ["linli/v1/heyuan/gate-1/cmd for you"]
    assert server.heard == ["linli/v1/heyuan/gate-1/ack true"]
    gate.leave()
    server.leave()


def test_a_device_speaks_upwards_only(listening: tuple[Ports, int]):
    """Not even to itself in our name: what comes on `cmd` and `time` comes from us."""
    chosen, _ = listening
    server = Party(chosen.mqtt_server, broker.SERVER, SERVER_WORD, "test-server-2")
    gate = Party(chosen.mqtt, GATE.device_id, GATE.password)
    assert gate.connected.wait(5)
    gate.subscribe("linli/v1/heyuan/gate-1/#")
    server.subscribe("linli/v1/heyuan/gate-1/#")
    for leaf in (*broker.DEVICE_READS, "else", *broker.DEVICE_WRITES):
        gate.say(f"linli/v1/heyuan/gate-1/{leaf}", leaf)
    end = time.monotonic() + 5
    while len(server.heard) < len(broker.DEVICE_WRITES) and time.monotonic() < end:
        time.sleep(0.02)
    assert server.heard == [
        f"linli/v1/heyuan/gate-1/{leaf} {leaf}" for leaf in broker.DEVICE_WRITES
    ]
    assert gate.heard == []
    gate.leave()
    server.leave()


def test_a_stranger_and_a_wrong_password_are_refused(listening: tuple[Ports, int]):
    chosen, _ = listening
    for user, word in (("gate-9", "x"), (GATE.device_id, "wrong"), ("", "")):
        party = Party(chosen.mqtt, user, word, "anyone")
        assert party.refused.wait(5)
        party.leave()


def test_neither_door_knows_the_others_passwords(listening: tuple[Ports, int]):
    chosen, _ = listening
    rules = Party(chosen.mqtt_server, broker.SERVER, SERVER_WORD, "linli-rules")
    assert rules.connected.wait(5)
    thrown_off = threading.Event()
    rules.client.on_disconnect = lambda *_: thrown_off.set()
    for port, user, word in (
        (chosen.mqtt_server, GATE.device_id, GATE.password),
        (chosen.mqtt, broker.SERVER, SERVER_WORD),
    ):
        thief = Party(port, user, word, "linli-rules")
        assert thief.refused.wait(5)
        thief.leave()
    assert not thrown_off.wait(0.3)
    rules.leave()


def test_no_device_throws_another_off_by_taking_its_client_id(
    listening: tuple[Ports, int], home: Home
):
    chosen, pid = listening
    gate = Party(chosen.mqtt, GATE.device_id, GATE.password)
    assert gate.connected.wait(5)
    thrown_off = threading.Event()
    gate.client.on_disconnect = lambda *_: thrown_off.set()
    broker.admit(home, [GATE, OTHER])
    os.kill(pid, signal.SIGHUP)
    time.sleep(0.2)
    thief = Party(chosen.mqtt, OTHER.device_id, OTHER.password, GATE.device_id)
    assert thief.connected.wait(5)  # and so a reloaded password file lets new devices in
    assert not thrown_off.wait(0.3)
    gate.leave()
    thief.leave()


def test_what_comes_faster_than_it_is_queued_is_kept(
    listening: tuple[Ports, int], monkeypatch: pytest.MonkeyPatch
):
    chosen, _ = listening
    monkeypatch.setenv(
        "LINLI_BROKER_URL", f"mqtt://{broker.SERVER}:{SERVER_WORD}@127.0.0.1:{chosen.mqtt_server}"
    )
    go, queued = threading.Event(), list[str]()

    def put(_: str, payload: str, __: int) -> None:
        go.wait(10)
        queued.append(payload)

    bridge = Bridge("linli-test", [("linli/v1/+/+/evt", put)], holds=True)
    bridge.start()
    assert bridge.subscribed.wait(5)
    gate = Party(chosen.mqtt, GATE.device_id, GATE.password)
    assert gate.connected.wait(5)
    for number in range(1_500):
        gate.client.publish("linli/v1/heyuan/gate-1/evt", f"heartbeat {number}", 1)
    gate.say("linli/v1/heyuan/gate-1/evt", "sos.pressed")
    go.set()
    end = time.monotonic() + 10
    while len(queued) < 1_501 and time.monotonic() < end:
        time.sleep(0.02)
    bridge.stop()
    gate.leave()
    assert (len(set(queued)), bridge.dropped) == (1_501, 0)
    assert "sos.pressed" in queued


def test_commands_go_through_the_broker_unless_the_user_chose_another_bus(
    monkeypatch: pytest.MonkeyPatch,
):
    for name in ("LINLI_COMMAND_BUS", "LINLI_COMMAND_BUS_URL"):
        monkeypatch.delenv(name, raising=False)
    given = broker.environment(Ports(1, 2, 3, 4, 5, 6), SERVER_WORD)
    assert given["LINLI_COMMAND_BUS"] == "mqtt"
    assert given["LINLI_COMMAND_BUS_URL"] == given["LINLI_BROKER_URL"]
    monkeypatch.setenv("LINLI_COMMAND_BUS", "http_gateway")
    monkeypatch.setenv("LINLI_COMMAND_BUS_URL", "https://gateway")
    chosen = broker.environment(Ports(1, 2, 3, 4, 5, 6), SERVER_WORD)
    assert chosen == {
        "LINLI_BROKER_URL": given["LINLI_BROKER_URL"],
        "LINLI_COMMAND_BUS": "http_gateway",
        "LINLI_COMMAND_BUS_URL": "https://gateway",
    }

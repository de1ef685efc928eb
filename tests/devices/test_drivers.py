"""The MQTT driver against a real broker that dies: what was not delivered never comes later."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from chalicelib.core.config import settings
from chalicelib.devices.drivers import mqtt as driver

CONFIG = "listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n"


class Broker:
    """A mosquitto that can be stopped, killed and started on the same port."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.config = folder / "mosquitto.conf"
        self.config.write_text(CONFIG.format(port=self.port))
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        self.process = subprocess.Popen(
            [command, "-c", str(self.config)], stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + 5
        while time.monotonic() < until:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            time.sleep(0.02)
        raise AssertionError("mosquitto did not start")

    def freeze(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()


@pytest.fixture
def broker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Broker]:
    made = Broker(tmp_path)
    made.start()
    monkeypatch.setenv("LINLI_COMMAND_BUS_URL", f"mqtt://127.0.0.1:{made.port}")
    settings.cache_clear()
    yield made
    made.kill()
    monkeypatch.undo()
    settings.cache_clear()
    for line in driver._current:
        line.client.loop_stop()
    driver._current.clear()


def subscribe(client: mqtt.Client, _data: object, *_: object) -> None:
    client.subscribe("#", qos=1)


def listener(port: int) -> tuple[mqtt.Client, list[str]]:
    heard: list[str] = []
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.on_message = lambda *said: heard.append(json.loads(said[-1].payload)["id"])
    client.on_connect = subscribe
    client.connect("127.0.0.1", port)
    client.loop_start()
    time.sleep(0.3)
    return client, heard


def publish(name: str) -> None:
    driver.publish("linli/v1/c/d/cmd", json.dumps({"id": name}).encode(), expiry_s=5)


def test_a_message_that_the_broker_never_took_does_not_come_with_the_next_broker(broker):
    client, heard = listener(broker.port)
    publish("first")
    time.sleep(0.3)
    broker.freeze()
    publish("stale")
    broker.kill()
    time.sleep(0.2)
    with pytest.raises(ConnectionError):
        publish("while it was away")
    broker.start()
    client.reconnect()
    time.sleep(1.5)
    publish("second")
    time.sleep(0.5)
    client.disconnect()
    client.loop_stop()
    assert heard == ["first", "second"], os.linesep.join(heard)

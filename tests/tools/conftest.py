"""A real mosquitto on a free port, and one device with its cloud."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.tools.cloud import Cloud
from tools.simulate.estate import Device
from tools.simulate.mqtt_device import Broker
from tools.simulate.signing import DeviceKey
from tools.simulate.waiting import eventually

CONFIG = """listener {port} 127.0.0.1
allow_anonymous true
persistence false
set_tcp_nodelay true
"""


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """Start mosquitto and yield its address."""
    program = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    assert program, "mosquitto is needed: apt-get install mosquitto"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = Path(tmp_path_factory.mktemp("mosquitto")) / "mosquitto.conf"
    config.write_text(CONFIG.format(port=port), encoding="utf-8")
    with subprocess.Popen([program, "-c", str(config)], stderr=subprocess.DEVNULL) as process:
        assert eventually(lambda: _answers(port))
        yield Broker("127.0.0.1", port)
        process.terminate()


@pytest.fixture
def device(request: pytest.FixtureRequest) -> Device:
    """A device of its own for each test, so that broker sessions never mix."""
    name = f"dev-{abs(hash(request.node.nodeid)):x}"
    return Device(
        "gate", "com-1", DeviceKey(name, "k1", b"a secret of thirty-two bytes ...."), name, ""
    )


@pytest.fixture
def cloud(broker: Broker, device: Device) -> Iterator[Cloud]:
    """The cloud of that device."""
    with Cloud(broker, device) as cloud:
        yield cloud

"""What somebody on the same machine or network may try against the one-machine home."""

import json
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import boto3
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError
from paho.mqtt.client import ConnectFlags, MQTTMessage

from infra.one_machine.bridge import MOST_AT_ONCE, MOST_HELD, Bridge
from tools.simulate.http_device import HttpDevice
from tools.simulate.system import System

HEAD = (
    b"POST /device/events HTTP/1.1\r\nHost: x\r\n"
    b"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
)


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with System(tmp_path_factory.mktemp("attacked") / "state", in_memory=True) as running:
        yield running


@pytest.mark.aws
@pytest.mark.parametrize("sent", [b"", b"GET / HT", HEAD, HEAD + b"{"])
def test_clients_that_fall_silent_hold_up_nobody(system: System, sent: bytes):
    address = system.estate.base_url
    port = int(address.rpartition(":")[2])
    with ExitStack() as open_ones:
        for _ in range(60):
            stuck = socket.create_connection(("127.0.0.1", port))
            open_ones.enter_context(stuck)
            stuck.sendall(sent)
        time.sleep(0.5)
        assert min(answered_after(f"{address}/healthz") for _ in range(3)) < 1


def answered_after(url: str) -> float:
    began = time.monotonic()
    assert requests.get(url, timeout=5).status_code == 200
    return time.monotonic() - began


@pytest.mark.aws
def test_an_upload_shows_no_key_of_the_tables(system: System):
    estate = system.estate
    given = json.loads((system.state / "env.json").read_text())
    key_id, _, secret = given["LINLI_DYNAMODB_KEY"].partition(":")
    wish = {"content_type": "image/jpeg", "bytes": 10, "sha256": "0" * 64}
    camera = HttpDevice(estate.device(estate.ids["camera"]), estate.base_url)
    answer = camera.post("/device/uploads", json.dumps(wish).encode(), "application/json")
    assert answer.status_code == 200
    shown = answer.text + str(answer.headers)
    assert key_id not in shown
    assert secret not in shown
    signer = answer.json()["fields"]["x-amz-credential"].split("/")[0]
    stranger = boto3.client(
        "dynamodb",
        endpoint_url=given["AWS_ENDPOINT_URL_DYNAMODB"],
        region_name=given["AWS_REGION"],
        aws_access_key_id=signer,
        aws_secret_access_key="anything",
        config=Config(retries={"max_attempts": 1}),
    )
    assert stranger.list_tables()["TableNames"] == []


@pytest.mark.aws
def test_the_state_is_for_its_users_eyes_alone(system: System):
    assert stat.S_IMODE(system.state.stat().st_mode) == 0o700
    inside = [path for path in system.state.rglob("*") if path.name != "run.log"]
    assert {path.name for path in inside} >= {"run.lock", "http.log", "passwords", "demo.json"}
    assert [path for path in inside if path.stat().st_mode & 0o077] == []


@pytest.mark.aws
def test_a_device_shows_the_broker_no_signing_key(system: System):
    demo = json.loads((system.state / "demo.json").read_text())
    assert all("mqtt_password" not in device for device in demo["devices"])
    gate = system.estate.device(system.estate.ids["gate"])
    shown = next(device["key"] for device in demo["devices"] if device["id"] == gate.id)
    assert gate.mqtt_password != shown


def infra(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "infra.local", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("asked", [["--reset"], ["--port", "0"]])
def test_a_folder_of_somebody_elses_things_is_not_touched(tmp_path: Path, asked: list[str]):
    (tmp_path / "thesis.txt").write_text("years of work")
    refused = infra(*asked, "--state", str(tmp_path))
    assert (refused.returncode, str(tmp_path) in refused.stderr) == (1, True)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_our_own_folder_is_wiped(tmp_path: Path):
    ours = tmp_path / "state"
    (ours / "keys").mkdir(parents=True)
    (ours / ".linli-state").touch()
    assert infra("--reset", "--state", str(ours)).returncode == 0
    assert not ours.exists()


def test_one_devices_flood_is_cut_and_others_are_heard():
    done: list[str] = []
    gate_opens, heard = threading.Event(), threading.Event()

    def work(topic: str, payload: str, _: int) -> None:
        gate_opens.wait(10)
        done.append(payload)
        if payload == "other":
            heard.set()

    bridge = Bridge("test", [("linli/v1/+/+/hello", work)])
    for number in range(100):
        bridge._on_message(bridge.client, None, message("flood", f"{number}"))
    bridge._on_message(bridge.client, None, message("quiet", "other"))
    gate_opens.set()
    assert heard.wait(10)
    bridge.pool.shutdown()
    assert len(done) == MOST_AT_ONCE + 1
    bridge._on_message(bridge.client, None, message("flood", "again"))
    assert bridge.busy.keys() == {"linli/v1/heyuan/flood/hello"}


class Noting(Bridge):
    """A bridge that notes what it acknowledges."""

    acked: list[int]

    def _ack(self, message: MQTTMessage) -> None:
        self.acked.append(message.mid)


class Told:
    """A bridge whose works wait for `go`; notes what was worked on and acknowledged."""

    def __init__(self, *, away: int = 0) -> None:
        self.away, self.go = away, threading.Event()
        self.done = list[str]()
        self.bridge = Noting("test", [("linli/v1/+/+/hello", self._work)], holds=True)
        self.acked = list[int]()
        self.bridge.acked = self.acked
        self.bridge.pause_s = 0.01

    def _work(self, _: str, payload: str, __: int) -> None:
        self.go.wait(10)
        if self.away:
            self.away -= 1
            raise EndpointConnectionError(endpoint_url="sqs")
        self.done.append(payload)

    def hear(self, payload: str, mid: int, qos: int = 1) -> None:
        said = message("panel", payload, mid)
        said.qos = qos
        self.bridge._on_message(self.bridge.client, None, said)

    def finished(self, count: int) -> bool:
        end = time.monotonic() + 10
        while len(self.done) < count and time.monotonic() < end:
            time.sleep(0.01)
        self.bridge.pool.shutdown()
        return len(self.done) == count


def test_an_sos_behind_buffered_heartbeats_waits_and_is_not_acknowledged_before():
    told = Told()
    for number in range(500):
        told.hear(f"heartbeat {number}", number)
    told.hear("sos.pressed", 500)
    assert told.acked == []
    told.go.set()
    assert told.finished(501)
    assert "sos.pressed" in told.done
    assert sorted(told.acked) == list(range(501))
    assert told.bridge.held == {}
    assert +told.bridge.busy == {}


def test_what_nobody_promised_is_dropped():
    told = Told()
    for number in range(MOST_AT_ONCE + 5):
        told.hear("sample", number, qos=0)
    told.go.set()
    assert told.finished(MOST_AT_ONCE)


def test_a_message_whose_queue_is_away_is_not_acknowledged_until_it_is_queued():
    told = Told(away=20)
    told.go.set()
    told.hear("sos.pressed", 1)
    assert told.finished(1)
    assert (told.acked, told.away) == ([1], 0)


def test_after_a_new_connection_the_broker_brings_again_what_waited():
    told = Told()
    for number in range(MOST_AT_ONCE + 3):
        told.hear(f"{number}", number)
    told.bridge._on_connect(told.bridge.client, None, ConnectFlags(session_present=True))
    assert told.bridge.held == {}
    told.hear("again", 3)
    told.go.set()
    assert told.finished(MOST_AT_ONCE + 1)
    assert told.acked == [3]  # the others' numbers are of the connection before


def test_who_runs_wild_is_cut_where_others_would_lose_their_place():
    told = Told()
    for number in range(MOST_AT_ONCE + MOST_HELD + 7):
        told.hear(f"{number}", number)
    assert told.bridge.dropped == 7
    told.go.set()
    assert told.finished(MOST_AT_ONCE + MOST_HELD)


def message(device: str, payload: str, mid: int = 1) -> MQTTMessage:
    sent = MQTTMessage(mid=mid, topic=f"linli/v1/heyuan/{device}/hello".encode())
    sent.payload, sent.qos = payload.encode(), 1
    return sent

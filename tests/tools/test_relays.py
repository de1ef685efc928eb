"""The relays between a device and its deployment, with a real broker and real sockets."""

from __future__ import annotations

import datetime as dt
import getpass
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.tools.cloud import Cloud
from tools.conformance.broker_relay import BrokerRelay
from tools.conformance.seen import Connected, Ended, Posted, Said, Told, Watch
from tools.conformance.upstream import Upstream
from tools.conformance.web_relay import BUSY, LOST, WebRelay
from tools.simulate.estate import Device
from tools.simulate.gate import Gate
from tools.simulate.mqtt_device import Broker
from tools.simulate.signing import envelope
from tools.simulate.waiting import eventually


def test_device_and_broker_speak_through_the_relay(broker: Broker, device: Device, cloud: Cloud):
    watch = Watch()
    with BrokerRelay(Upstream(broker.host, broker.port), watch) as relay:
        with Gate(device, Broker(*relay.address)) as gate:
            done = cloud.send(cloud.command())
            assert eventually(lambda: cloud.result(done) == "DONE")
            slipped = cloud.command()
            relay.slip(gate.topic("cmd"), envelope(device.key, slipped).encode())
            assert eventually(lambda: cloud.result(slipped["id"]) == "DONE")
            relay.cut()
            assert eventually(lambda: len(watch.since(0, Ended)) == 1)
            assert eventually(lambda: relay.connections == 2 and gate.ready.is_set(), 10)
            assert gate.openings == 2
        assert [one.asked.clean for one in watch.since(0, Connected)] == [True, True]
        assert {one.leaf for one in watch.since(0, Said)} == {"hello", "state", "ack"}
        assert len(watch.since(0, Told)) >= 4
    assert not relay.slip("x", b""), "nobody is connected any more"


def test_a_lie_reaches_the_device_instead_of_the_truth(
    broker: Broker, device: Device, cloud: Cloud
):
    with BrokerRelay(Upstream(broker.host, broker.port), Watch()) as relay:
        lie = envelope(device.key, {"cloud": 1}).encode()
        relay.lie = lambda message: lie if message.topic.endswith("/time") else None
        gate = Gate(device, Broker(*relay.address)).start(timeout_s=0)
        assert not gate.ready.wait(0.5)
        relay.lie = None
        assert gate.ready.wait(5)
        gate.stop()


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Write a key and a certificate of its own for this machine, both in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "both.pem"
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(pem))
    return path


@pytest.fixture
def guarded(certificate: Path) -> Iterator[Broker]:
    """A broker that is entered by TLS with a certificate, as AWS IoT is."""
    program = shutil.which("mosquitto", path="/usr/sbin:/usr/bin")
    assert program
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = certificate.with_name("mosquitto.conf")
    settings.write_text(
        f"user {getpass.getuser()}\nlistener {port} 127.0.0.1\nallow_anonymous true\n"
        f"cafile {certificate}\n"
        f"certfile {certificate}\nkeyfile {certificate}\nrequire_certificate true\n",
        encoding="utf-8",
    )
    with subprocess.Popen([program, "-c", str(settings)], stderr=subprocess.DEVNULL) as process:
        yield Broker("localhost", port)
        process.terminate()


def test_the_relay_enters_by_certificate_in_the_device_s_name(
    guarded: Broker, certificate: Path, device: Device
):
    tls = ssl.create_default_context(cafile=str(certificate))
    tls.load_cert_chain(certificate)
    watch = Watch()
    with BrokerRelay(Upstream(guarded.host, guarded.port, tls), watch) as relay:
        gate = Gate(device, Broker(*relay.address)).start(timeout_s=0)
        assert eventually(lambda: watch.since(0, Said), 10), watch.notes
        gate.stop()


class Deployment(BaseHTTPRequestHandler):
    """Says back what it was told."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("x-signed", self.headers.get("webhook-id", ""))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def deployment() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Deployment) as server:
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_requests_are_passed_on_as_they_are_but_for_the_tricks(deployment: str):
    watch = Watch()
    with WebRelay(deployment, watch) as relay, requests.Session() as http:
        url, signed = f"{relay.url}/device/events", {"webhook-id": "m1"}
        answer = http.post(url, b'{"a": 1}', headers=signed)
        assert (answer.json(), answer.headers["x-signed"]) == ({"a": 1}, "m1")
        chunked = http.post(url, iter([b'{"b"', b": 2}"]), headers=signed)
        assert chunked.json() == {"b": 2}
        relay.tricks.extend((BUSY, LOST))
        busy = http.post(url, b"{}", headers=signed)
        assert (busy.status_code, busy.headers["retry-after"]) == (429, "2")
        with pytest.raises(requests.ConnectionError):
            http.post(url, b"{}", headers=signed)
        assert http.post(f"{relay.url}/device/uploads", b"{}").status_code == 200
    posted = watch.since(0, Posted)
    assert [(one.status, one.trick) for one in posted] == [
        (200, ""),
        (200, ""),
        (429, BUSY),
        (200, LOST),
        (200, ""),
    ]


def test_a_deployment_that_is_away_is_said_to_be(deployment: str):
    watch = Watch()
    with WebRelay("http://127.0.0.1:1", watch) as web:
        assert requests.post(f"{web.url}/device/events", b"{}", timeout=5).status_code == 502
    assert "did not answer" in watch.notes[0]
    with (
        BrokerRelay(Upstream("127.0.0.1", 1), watch) as relay,
        socket.create_connection(relay.address) as line,
    ):
        assert line.recv(1) == b""
    assert "out of reach" in watch.notes[1]

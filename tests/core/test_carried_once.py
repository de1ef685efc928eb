"""What boto3 does of itself: tries again, but for what must not arrive twice."""

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from botocore.exceptions import ClientError, HTTPClientError

from chalicelib.core import aws
from chalicelib.devices.drivers import iot_core

Failing = Callable[[str, float], list[str]]


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Iterator[Failing]:
    """Let a service answer 503 after a while; return the list of what arrives there."""
    serving: list[ThreadingHTTPServer] = []
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "cn-north-1")

    def fail(service: str, after_s: float) -> list[str]:
        arrived: list[str] = []

        class Stub(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                arrived.append(self.path)
                time.sleep(after_s)
                self.send_response(503)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Stub)
        server.daemon_threads = True
        serving.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        name = f"AWS_ENDPOINT_URL_{service.upper()}"
        monkeypatch.setenv(name, f"http://127.0.0.1:{server.server_port}")
        aws._made.cache_clear()
        return arrived

    yield fail
    aws._made.cache_clear()
    for server in serving:
        server.shutdown()
        server.server_close()


def test_a_message_to_a_device_is_sent_once_whatever_becomes_of_it(failing: Failing):
    arrived = failing("iot_data_plane", 0)
    with pytest.raises(ClientError):
        iot_core.publish("linli/v1/com/dev/cmd", b"open", expiry_s=5)
    assert len(arrived) == 1


def test_a_message_to_a_device_is_not_waited_for_nor_sent_again(failing: Failing):
    arrived = failing("iot_data_plane", 4)
    began = time.monotonic()
    with pytest.raises(HTTPClientError):
        iot_core.publish("linli/v1/com/dev/cmd", b"open", expiry_s=5)
    assert time.monotonic() - began < 3.5
    assert len(arrived) == 1


def test_all_else_is_tried_four_times(failing: Failing):
    failing("eventbridge", 0)
    retries = aws.client("events").meta.config.retries
    assert (retries["mode"], retries["total_max_attempts"]) == ("standard", 4)

"""One broken device sends a thousand events a second for a minute: what others notice of it.

The storm comes from a process of its own over real HTTP, each event in a request of its own,
every tenth a smoke alarm. Meanwhile other devices report as ever, and people press SOS.
"""

from __future__ import annotations

import base64
import json
import socket
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from urllib.parse import urlsplit

from benchmarks.figures import Figure, percentile
from benchmarks.live import paced
from benchmarks.panels import enrolled
from tools.simulate.estate import Device, Estate
from tools.simulate.http_device import HttpDevice
from tools.simulate.panel import Panel
from tools.simulate.signing import DeviceKey, webhook_headers

WARM_S, QUIET_S, STORM_S = 15.0, 60.0, 60.0
RATE, CONNECTIONS, ALARM_EVERY = 1_000, 32, 10
LEAST_OF_RATE = 0.95
"""Share of the storm that must have been offered and answered: less is no such storm, and what
the others then notice of it says nothing."""

OTHERS, OTHERS_PER_S = 64, 20.0
WRISTBANDS, SOS_PER_S, SOS_BUDGET_S = 16, 2.0, 5.0
LOOK_EVERY_S = 0.05


def measure(estate: Estate) -> list[Figure]:
    """Compare a quiet minute with a minute of storm; then look for every SOS."""
    panels = enrolled(estate, OTHERS)
    bands = [HttpDevice(_enrolled(estate, "wristband"), estate.base_url) for _ in range(WRISTBANDS)]
    _minute(panels, bands, WARM_S)
    quiet, _ = _minute(panels, bands, QUIET_S)
    with _storming(_enrolled(estate, "smoke_sensor"), estate.base_url) as answers:
        others, called = _minute(panels, bands, STORM_S)
    return [offered(answers), *_noticed(quiet, others, called)]


def offered(answers: Counter[str]) -> Figure:
    """Return how hard it stormed: the premise of all the other figures."""
    rate = sum(answers.values()) / STORM_S
    return Figure("storm: events offered and answered", rate, LEAST_OF_RATE * RATE, "/s",
                  at_least=True, note=str(dict(answers)))  # fmt: skip


def _noticed(
    quiet: Sequence[float], others: Sequence[float], called: Sequence[float | None]
) -> list[Figure]:
    heard = [took for took in called if took is not None]
    before, during = (1000 * percentile(took, 0.99) for took in (quiet, others))
    return [
        Figure("others' p99 to be accepted, quiet", before, unit="ms", note=f"{len(quiet)} events"),
        Figure("others' p99 to be accepted, storm", during, unit="ms"),
        Figure("others' p99, storm over quiet", during / before, 1.2, "×"),
        Figure("SOS in the storm on record, p99", percentile(heard, 0.99), SOS_BUDGET_S, "s"),
        Figure("SOS in the storm that were not lost", 100 * len(heard) / len(called), 100.0, "%",
               at_least=True, note=f"{len(called)} calls"),
    ]  # fmt: skip


def _minute(
    panels: Sequence[Panel], bands: Sequence[HttpDevice], seconds: float
) -> tuple[list[float], list[float | None]]:
    """Return the seconds in which each event was accepted, and each SOS was on record."""
    rings: list[Callable[[], float]] = [
        partial(_ring, panels[n % OTHERS]) for n in range(int(seconds * OTHERS_PER_S))
    ]
    calls: list[Callable[[], float | None]] = [
        partial(_call, bands[n % WRISTBANDS]) for n in range(int(seconds * SOS_PER_S))
    ]
    with ThreadPoolExecutor(2) as pool:
        others = pool.submit(lambda: paced(rings, OTHERS_PER_S, threads=8))
        called = pool.submit(lambda: paced(calls, SOS_PER_S, threads=WRISTBANDS))
        return others.result(), called.result()


def _ring(panel: Panel) -> float:
    began = time.perf_counter()
    panel.ring("nobody", "nowhere")
    return time.perf_counter() - began


def _call(band: HttpDevice) -> float | None:
    """Press SOS; None if nobody has it on record after all that one may wait."""
    from chalicelib.devices.tables.uplink import DeviceEvent  # noqa: PLC0415 -- reads its settings

    began = time.perf_counter()
    event_id = band.say("sos.pressed", {})["id"]
    while time.perf_counter() - began < 12 * SOS_BUDGET_S:
        if DeviceEvent.find(band.device.id, event_id) is not None:
            return time.perf_counter() - began
        time.sleep(LOOK_EVERY_S)
    return None


def _enrolled(estate: Estate, kind: str) -> Device:
    from chalicelib.devices import public as devices  # noqa: PLC0415 -- as above

    made = devices.enrol(
        estate.community_id, devices.Kind(kind), place_id=estate.ids["unit"], name="benchmark"
    )
    key = DeviceKey.from_text(made.device_id, made.key_id, made.key)
    return Device(kind, estate.community_id, key, "", "")


@contextmanager
def _storming(device: Device, base_url: str) -> Iterator[Counter[str]]:
    """Let the device storm within the block; how it was answered is known after it."""
    answers: Counter[str] = Counter()
    secret = base64.b64encode(device.key.secret).decode()
    known = (base_url, device.id, device.key.key_id, secret)
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.storm", *known], stdout=subprocess.PIPE, text=True
    ) as process:
        yield answers
        said, _ = process.communicate(timeout=STORM_S)
    answers.update(json.loads(said))


def main(base_url: str, device_id: str, key_id: str, secret: str) -> None:
    """Storm for a minute over some connections at once; print how often which status came."""
    key = DeviceKey.from_text(device_id, key_id, secret)
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        counts = pool.map(lambda _: _storm(key, base_url), range(CONNECTIONS))
        print(json.dumps(sum(counts, Counter())))


def _storm(key: DeviceKey, base_url: str) -> Counter[str]:
    """Send a share of the storm, each event at its own moment, on one connection."""
    address, answers = urlsplit(base_url), Counter[str]()
    began, each_s = time.perf_counter(), CONNECTIONS / RATE
    with socket.create_connection((address.hostname or "", address.port or 80)) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for number in range(int(STORM_S / each_s)):
            time.sleep(max(0.0, began + number * each_s - time.perf_counter()))
            line.sendall(_request(key, number, address.netloc))
            answers[line.recv(65_536)[9:12].decode()] += 1
            if time.perf_counter() - began > STORM_S:
                break
    return answers


def _request(key: DeviceKey, number: int, host: str) -> bytes:
    message_id = uuid.uuid4().hex
    event = {
        "specversion": "1.0",
        "id": message_id,
        "source": key.device_id,
        "type": "device.heartbeat" if number % ALARM_EVERY else "smoke.detected",
        "time": datetime.now(UTC).isoformat(),
        "boot": 1,
        "sequence": number,
    }
    body = json.dumps(event).encode()
    headers = webhook_headers(key, body, webhook_id=message_id, at_s=int(time.time()))
    headers |= {"host": host, "content-length": str(len(body)), "content-type": "application/json"}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST /device/events HTTP/1.1\r\n{head}\r\n".encode() + body


if __name__ == "__main__":
    main(*sys.argv[1:])

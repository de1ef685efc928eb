"""Device events through the webhook to the queue, over a bare SQS send on the same stack."""

from __future__ import annotations

import json
import os
import threading
import time
import uuid
from collections.abc import Callable
from http.client import HTTPConnection
from itertools import cycle
from statistics import median
from urllib.parse import urlsplit

from benchmarks.figures import Figure
from benchmarks.live import consumers_paused
from benchmarks.panels import enrolled
from chalicelib.core import aws
from tools.simulate.estate import Estate
from tools.simulate.http_device import EVENT
from tools.simulate.signing import webhook_headers

THREADS = 32
PANELS = 320
"""Enough that none reports faster than a device may."""

WARM_S = 10.0
"""The local engine compiles what runs often; a system that runs for long has done so."""

SECONDS = 4.0
ROUNDS = 3


def measure(estate: Estate) -> list[Figure]:
    """Time both in turns, with the same number of threads and connections."""
    sqs = aws.client("sqs")
    queue = sqs.create_queue(QueueName="linli-bench")["QueueUrl"]
    sends = (_webhook(estate), _bare_send(queue))
    rounds: list[list[float]] = []
    with consumers_paused():
        for seconds in (WARM_S, *[SECONDS] * ROUNDS):
            rounds.append([_per_second(make, seconds) for make in sends])
            for name in (queue, os.environ["LINLI_QUEUE_PREFIX"] + "device-events"):
                sqs.purge_queue(QueueUrl=name)  # ministack slows down under a backlog
    sqs.delete_queue(QueueUrl=queue)
    ours, peer = (median(rates) for rates in zip(*rounds[1:], strict=True))
    return [
        Figure("bare SQS send", peer, unit="/s"),
        Figure("event accepted through the webhook", ours, unit="/s"),
        Figure(
            "webhook over bare SQS send",
            ours / peer,
            0.6,
            "×",
            at_least=True,
            note=f"{THREADS} connections, consumers paused",
        ),
    ]


Send = Callable[[], None]


def _per_second(make: Callable[[], Send], seconds: float) -> float:
    """Return how many sends a second all threads together get answered."""
    counts = [0] * THREADS
    until = time.perf_counter() + seconds

    def run(place: int) -> None:
        send = make()
        while time.perf_counter() < until:
            send()
            counts[place] += 1

    threads = [threading.Thread(target=run, args=(place,)) for place in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / seconds


def _webhook(estate: Estate) -> Callable[[], Send]:
    address = urlsplit(estate.base_url)
    panels = cycle(enrolled(estate, PANELS))

    def make() -> Send:
        line = HTTPConnection(address.hostname or "", address.port, timeout=10)

        def send() -> None:
            panel = next(panels)
            body = json.dumps(panel.ringing("nobody", "nowhere")).encode()
            headers = webhook_headers(
                panel.device.key, body, webhook_id=str(uuid.uuid4()), at_s=int(time.time())
            )
            _post(line, "/device/events", body, {**headers, "content-type": EVENT})

        return send

    return make


def _bare_send(queue: str) -> Callable[[], Send]:
    """Send what the webhook sends, with boto3 as the webhook does."""
    sqs = aws.client("sqs")

    def make() -> Send:
        def send() -> None:
            job = {"device_id": "heyuan-panel-1", "message_id": str(uuid.uuid4())}
            sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(job))

        return send

    return make


def _post(line: HTTPConnection, path: str, body: bytes, headers: dict[str, str]) -> None:
    line.request("POST", path, body, headers)
    answer = line.getresponse()
    said = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{path} answered {answer.status}: {said[:300]!r}")

"""A simulated device that pushes signed CloudEvents and pictures over real HTTP."""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import requests

from tools.simulate.estate import Device
from tools.simulate.signing import Json, webhook_headers

EVENT = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"


@dataclass(frozen=True, slots=True)
class Picture:
    """A stored picture as an event names it: object key and hex SHA-256."""

    key: str
    sha256: str


class HttpDevice:
    """Signs what it sends; counts its own `sequence` within its `boot` (DEVICES.md, uplink)."""

    def __init__(self, device: Device, base_url: str, *, timeout_s: float = 10.0) -> None:
        """Prepare; nothing is sent."""
        self.device = device
        self.base_url = base_url
        self.timeout_s = timeout_s
        self.boot = time.time_ns() // 1_000_000
        self.sequence = 0
        self._http = requests.Session()
        self._http.trust_env = False

    def event(self, kind: str, facts: Mapping[str, Any], *, at: datetime | None = None) -> Json:
        """Make the next CloudEvent of this device; `at` is its occurrence, now if not given."""
        self.sequence += 1
        return {
            "specversion": "1.0",
            "id": str(uuid.uuid4()),
            "source": self.device.id,
            "type": kind,
            "time": (at or datetime.now(UTC)).isoformat(),
            "datacontenttype": "application/json",
            "boot": self.boot,
            "sequence": self.sequence,
            "data": dict(facts),
        }

    def send(
        self, events: Json | Sequence[Json], *, webhook_id: str | None = None
    ) -> requests.Response:
        """Post one event, or a batch; the answer is returned whatever its status."""
        content_type = EVENT if isinstance(events, dict) else BATCH
        return self.post(
            "/device/events", json.dumps(events).encode(), content_type, webhook_id=webhook_id
        )

    def say(self, kind: str, facts: Mapping[str, Any]) -> Json:
        """Make and post one event; any status but 200 is an error."""
        made = self.event(kind, facts)
        answer = self.send(made)
        answer.raise_for_status()
        return made

    def upload(self, picture: bytes) -> Picture:
        """Ask for a presigned POST and put the JPEG in the store."""
        digest = hashlib.sha256(picture).hexdigest()
        wish = {"content_type": "image/jpeg", "bytes": len(picture), "sha256": digest}
        answer = self.post("/device/uploads", json.dumps(wish).encode(), "application/json")
        answer.raise_for_status()
        place = answer.json()
        stored = self._http.post(
            place["url"],
            data=place["fields"],
            files={"file": ("frame.jpg", picture)},
            timeout=self.timeout_s,
        )
        stored.raise_for_status()
        return Picture(place["key"], digest)

    def post(
        self, path: str, body: bytes, content_type: str, *, webhook_id: str | None = None
    ) -> requests.Response:
        """Sign and post raw bytes."""
        headers = webhook_headers(
            self.device.key, body, webhook_id=webhook_id or str(uuid.uuid4()), at_s=int(time.time())
        )
        return self.post_as_is(path, body, headers | {"content-type": content_type})

    def post_as_is(self, path: str, body: bytes, headers: Mapping[str, str]) -> requests.Response:
        """Post exactly these bytes and headers; forged and replayed requests go this way."""
        return self._http.post(
            self.base_url + path, data=body, headers=dict(headers), timeout=self.timeout_s
        )

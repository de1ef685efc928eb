"""Messages posted over HTTP in a device's manner: rightly, or with a fault that it has."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import requests

from tools.simulate.conducts import RIGHT, Manner
from tools.simulate.http_device import BATCH, EVENT, HttpDevice
from tools.simulate.reporter import Answer
from tools.simulate.signing import Json, webhook_headers

HUGE, DEEP = 1_000_000, 500
STALE = "stale_timestamp"


class Posted:
    """Over HTTP; sets the clock of its headers by our answer, as a good device does."""

    def __init__(self, http: HttpDevice, manner: Manner = RIGHT) -> None:
        self.http, self.manner = http, manner
        self._corrected_s = 0.0

    def send(self, events: list[Json], message_id: str) -> Answer:
        """Post one event or a batch."""
        content_type = self.manner.content_type or (EVENT if len(events) == 1 else BATCH)
        body = self._body(events)
        key = self.http.device.key
        if self.manner.key == "guessed":
            key = replace(key, secret=b"a guess")
        at_s = int(time.time() + self.manner.clock_s + self._corrected_s + self.manner.stamp_s)
        headers = webhook_headers(key, body, webhook_id=message_id, at_s=at_s)
        try:
            answer = self.http.post_as_is(
                "/device/events", body, headers | {"content-type": content_type}
            )
        except requests.RequestException:
            return Answer(heard=False, again_s=None, words=("no answer",))
        if _json(answer).get("code") == STALE and not self._corrected_s:
            self._set_clock(_json(answer))
            return Answer(heard=False, again_s=0.0, words=(f"401 {STALE}",))
        return understood(answer)

    def _body(self, events: list[Json]) -> bytes:
        if self.manner.body == "no_json":
            return b'{"specversion": "1.0", '
        spoilt = [self._spoilt(one, number) for number, one in enumerate(events)]
        if self.manner.body == "half_broken":
            last = events[-1]
            broken = {"id": last["id"][::-1], "sequence": last["sequence"] + 10**6}
            spoilt.append(last | broken | {"time": "yesterday"})
        return json.dumps(spoilt[0] if len(spoilt) == 1 else spoilt).encode()

    def _spoilt(self, event: Json, number: int) -> Json:
        if self.manner.body == "huge" and number == 0:
            return {**event, "data": {"words": "x" * HUGE}}
        if self.manner.body == "deep":
            deep: Json = {}
            for _ in range(DEEP):
                deep = {"in": deep}
            return {**event, "data": deep}
        return event

    def _set_clock(self, told: Json) -> None:
        """Go by the server's time from now on; what is wrong beside the clock stays wrong."""
        theirs = datetime.fromisoformat(told["details"]["server_time"]).timestamp()
        self._corrected_s = theirs - time.time() - self.manner.clock_s


def understood(answer: requests.Response) -> Answer:
    """Return what an answer means: heard (well or for good refused), or to be sent again."""
    told = _json(answer)
    if answer.status_code == 200:
        return Answer(heard=True, again_s=None, words=tuple(_verdicts(told)))
    word = f"{answer.status_code} {told.get('code', '')}".strip()
    if answer.status_code == 429 or answer.status_code >= 500:
        wait = answer.headers.get("retry-after")
        return Answer(heard=False, again_s=float(wait) if wait else None, words=(word,))
    return Answer(heard=True, again_s=None, words=(word,))


def _verdicts(told: Json) -> Iterator[str]:
    for result in told.get("results", []):
        errors = result.get("errors") or [{}]
        yield "duplicate" if told["duplicate"] else result["status"]
        if result["status"] == "invalid":
            yield f"invalid: {errors[0].get('type', '')}"


def _json(answer: requests.Response) -> Json:
    try:
        told = answer.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}

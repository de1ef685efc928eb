"""A device in quarantine is answered at the door, before a thread is taken for it.

A broken device may send a thousand requests a second; each would cost the others what it costs
to refuse it. On AWS a rate rule of a firewall may stand in this place.
"""

import json
import uuid
from collections.abc import Mapping
from typing import Any

from chalicelib.devices.service.admission import HELD, held_s
from infra.one_machine.front import Answer

UPLINK = "/device/events"


def turned_away(environ: Mapping[str, Any], body: bytes) -> Answer | None:
    """Return 429 `quarantined` for what a device in quarantine sends, unless it may be an alarm."""
    if environ["PATH_INFO"] != UPLINK:
        return None
    wait_s = held_s(environ.get("HTTP_X_LINLI_DEVICE", ""), body)
    if not wait_s:
        return None
    request_id = str(uuid.uuid4())
    problem = {"code": "quarantined", "message": HELD, "request_id": request_id}
    headers = [
        ("content-type", "application/json"),
        ("retry-after", str(wait_s)),
        ("x-request-id", request_id),
    ]
    return 429, headers, json.dumps(problem, ensure_ascii=False).encode()

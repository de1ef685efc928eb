"""How a simulated device acknowledges: truly, or as a broken or hostile one does."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, replace

from tools.simulate.conducts import Conduct
from tools.simulate.signing import DeviceKey, envelope

OTHER_ID = "cmd_nobody_gave"
COPIES = {"none": 0, "twice": 2}
"""How often an acknowledgement is sent, if not once."""


@dataclass(frozen=True, slots=True)
class Handled:
    """One command as the device treated it; `at` is monotonic seconds."""

    command_id: str
    op: str
    result: str
    reason: str
    at: float


def acknowledgement(
    key: DeviceKey, conduct: Conduct, done: Handled, *, session: str, at_ms: int
) -> str:
    """Return the signed outcome of a command; a forger signs with a key that nobody gave it."""
    command_id = OTHER_ID if conduct.acks == "other_id" else done.command_id
    if conduct.acks == "forged":
        key = replace(key, secret=secrets.token_bytes(32))
    said = {
        "id": command_id,
        "device": key.device_id,
        "result": done.result,
        "session": session,
        "at": at_ms,
    } | ({"reason": done.reason} if done.reason else {})
    signed = json.loads(envelope(key, said))
    if conduct.acks == "unsigned":
        del signed["s"], signed["kid"]
    return json.dumps({"id": command_id, **signed})

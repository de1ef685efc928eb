"""A visitor's phone and a door that asks, as outsiders write them: from the docs, not our code."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from typing import Any

import requests

from tools.simulate.http_device import HttpDevice
from tools.simulate.signing import Json

STEP_S = 30


class VisitorPhone:
    """Shows the rotating code of a pass; all it has is the token that its host sent."""

    def __init__(self, token: str) -> None:
        """Read a token, `LS1.<pass>.<secret in base32>`."""
        _, self.pass_id, secret = token.split(".")
        self.secret = base64.b32decode(secret + "=" * (-len(secret) % 8))

    def code(self, *, steps: int = 0) -> str:
        """Return the code of now, or of so many steps of 30 s later."""
        step = int(time.time()) // STEP_S + steps
        tag = hmac.new(self.secret, str(step).encode(), hashlib.sha256).digest()[:16]
        return f"LP1.{self.pass_id}.{step}.{base64.b32encode(tag).decode().rstrip('=')}"


class AskingDoor:
    """A door that asks for each decision; it opens only before `expires_at`."""

    def __init__(self, device: HttpDevice) -> None:
        """Prepare; nothing is sent."""
        self.device = device

    def ask(self, method: str, shown: str, **more: Any) -> requests.Response:
        """Ask, and return the answer whatever its status."""
        said = {"request_id": str(uuid.uuid4()), "method": method, "shown": shown, **more}
        body = json.dumps(said).encode()
        return self.device.post("/device/access/decisions", body, "application/json")

    def decides(self, method: str, shown: str, **more: Any) -> Json:
        """Ask, and return the decision; any status but 200 is an error."""
        answer = self.ask(method, shown, **more)
        answer.raise_for_status()
        said: Json = answer.json()
        return said

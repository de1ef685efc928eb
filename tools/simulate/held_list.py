"""What a door decides by while nobody can be asked: a vendor's own reading of the protocol.

Written apart from the server (docs/device-protocol.md is all that it knows), so that each
checks the other.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass, field

from tools.simulate.signing import DeviceKey, Json, opened

STEP_S = 30
_CODE = re.compile(r"LP1\.([A-Za-z0-9_-]{1,64})\.([0-9]{1,12})\.([A-Z2-7]{26})")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a door does: whether it opens, why, and for whose id."""

    allow: bool
    reason: str
    holder: str = ""


@dataclass(slots=True)
class HeldList:
    """A door's list as it last applied it; times are epoch milliseconds.

    `used` counts the visits that began here, `spent` remembers which codes were taken which
    way. `kind` is the device's own: a lift begins no visit.
    """

    key: DeviceKey
    kind: str = "gate"
    version: int = 0
    scope: str = ""
    expires_at: int = 0
    entries: dict[str, Json] = field(default_factory=dict)
    keys: dict[str, bytes] = field(default_factory=dict)
    used: dict[str, int] = field(default_factory=dict)
    spent: set[tuple[str, int, str]] = field(default_factory=set)
    _coming: dict[str, Json] = field(default_factory=dict)

    def take(self, answer: str, *, first: bool = True) -> str | None:
        """Apply a signed answer; return the cursor of the next page, None when all is applied.

        Raises BadSignature for what was not signed for this door, ValueError for another's
        list. A whole list takes the place of the old one only when its last page is there.
        """
        told = opened(self.key, answer)
        if told["list"] != self.key.device_id:
            raise ValueError("another door's list")
        added = {entry["id"]: entry for entry in told["added"]}
        if told["whole"]:
            self._coming = added if first else self._coming | added
            if told["next"] is not None:
                return str(told["next"])
            self.entries, self._coming = self._coming, {}
        else:
            gone = set(told["removed"])
            kept = {name: one for name, one in self.entries.items() if name not in gone}
            self.entries = kept | added
        self.version, self.expires_at = int(told["version"]), int(told["expires_at"])
        self.scope = str(told["scope"])
        self.keys = {name: base64.b64decode(key) for name, key in told["keys"].items()}
        return None

    # -- decisions -----------------------------------------------------------------------------

    def card(self, number: str, at_ms: int, way: str = "in") -> Verdict:
        """Decide on a card; `way` is in, out or unknown."""
        plain = re.sub(r"[\s\-.·•():]", "", number).upper()
        mac = hmac.digest(self.keys.get("card", b""), plain.encode(), hashlib.sha256).hex()
        entry = next((one for one in self.entries.values() if one.get("card") == mac), None)
        return self._judged(entry, "unknown_card", at_ms, way)

    def pin(self, unit: str, pin: str, at_ms: int, way: str = "in") -> Verdict:
        """Decide on a flat's PIN."""
        said = f"{unit}:{pin}".encode()
        mac = hmac.digest(self.keys.get("pin", b""), said, hashlib.sha256).hex()
        entry = next((one for one in self.entries.values() if one.get("pin_hash") == mac), None)
        return self._judged(entry, "wrong_pin", at_ms, way)

    def code(self, shown: str, at_ms: int, way: str = "in") -> Verdict:
        """Decide on a rotating code: fresh, of a listed secret, and not taken before."""
        read = _CODE.fullmatch(shown)
        if read is None:
            return Verdict(allow=False, reason="unreadable")
        holder, step, proof = read[1], int(read[2]), read[3]
        entry = self.entries.get(holder)
        if entry is None or not _proves(entry.get("qr_key", ""), step, proof):
            return Verdict(allow=False, reason="unknown_code")
        if abs(step - at_ms // 1000 // STEP_S) > 1:
            return Verdict(allow=False, reason="stale_code")
        if (holder, step, way) in self.spent:
            return Verdict(allow=False, reason="code_used", holder=holder)
        verdict = self._judged(entry, "unknown_code", at_ms, way)
        if verdict.allow:
            self.spent.add((holder, step, way))
        return verdict

    def body(self, credential_id: str, at_ms: int, way: str = "in") -> Verdict:
        """Decide on a face or finger that the device itself has recognised."""
        return self._judged(self.entries.get(credential_id), "not_on_list", at_ms, way)

    def _judged(self, entry: Json | None, unknown: str, at_ms: int, way: str) -> Verdict:
        if at_ms >= self.expires_at:
            return Verdict(allow=False, reason="list_over")
        if entry is None:
            return Verdict(allow=False, reason=unknown)
        holder = entry["id"]
        if at_ms < entry.get("start", 0):
            return Verdict(allow=False, reason="too_early", holder=holder)
        if "end" in entry and at_ms >= entry["end"]:
            return Verdict(allow=False, reason="expired", holder=holder)
        if "uses" in entry and way != "out" and self.kind != "lift_controller":
            if self.used.get(holder, 0) >= entry["uses"]:
                return Verdict(allow=False, reason="spent", holder=holder)
            self.used[holder] = self.used.get(holder, 0) + 1
        return Verdict(allow=True, reason="ok", holder=holder)


def _proves(secret: str, step: int, proof: str) -> bool:
    try:
        key = base64.b64decode(secret, validate=True)
    except binascii.Error:
        return False
    mac = hmac.digest(key, str(step).encode(), hashlib.sha256)[:16]
    return bool(secret) and hmac.compare_digest(base64.b32encode(mac).decode().rstrip("="), proof)

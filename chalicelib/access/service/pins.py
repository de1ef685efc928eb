"""PINs of flats: hashed under the estate's key, at most five live, no two of a flat alike."""

import hashlib
import hmac
from datetime import datetime

from chalicelib.access.rules import pins as rules
from chalicelib.access.rules.pins import Live
from chalicelib.access.service.marks import edge_keys
from chalicelib.access.tables.pins import FlatPins
from chalicelib.core import ids, keyring
from chalicelib.core.errors import Conflict, Unprocessable
from chalicelib.core.table import tenant_key


def pin_of(secret: bytes) -> str:
    """Return the PIN that goes with a secret: by a key that never leaves us."""
    return rules.pin_of(keyring.derived("pin-of-secret"), secret)


def pin_hash(community_id: str, unit_id: str, pin: str) -> str:
    """Return what is kept, listed and compared of a flat's PIN."""
    return rules.hashed(edge_keys(community_id)["pin"], unit_id, pin)


def pass_id_of(community_id: str, unit_id: str, pin: str) -> str:
    """Return the id of the pass that a flat's PIN belongs to, if it belongs to any.

    By a key that never leaves us: an id tells nobody a PIN, not even an estate's own door.
    """
    key = keyring.derived("pass-of-pin")
    said = f"{community_id}\x1f{unit_id}\x1f{pin}".encode()
    return ids.derived("pass", hmac.digest(key, said, hashlib.sha256).hex())


def claim(
    community_id: str,
    unit_id: str,
    holder_id: str,
    pin: str,
    *,
    ends: datetime | None,
    at: datetime,
) -> FlatPins:
    """Return the flat's row with one more PIN, to be committed with its holder's own rows.

    Raises Conflict `pin_taken`, upon which another one is drawn, Unprocessable `too_many_pins`.
    """
    key, kept = tenant_key(community_id, unit_id), pin_hash(community_id, unit_id, pin)
    row = FlatPins.find(key) or FlatPins(flat_key=key, community_id=community_id, held=[])
    live = row.live(at)
    refused = rules.claim_refusal(live, kept, at)
    if refused == "pin_taken":
        raise Conflict("pin_taken", "该密码已被占用，请重试")
    if refused:
        raise Unprocessable("too_many_pins", "该房屋的有效密码已达5个，请先撤销一个")
    row.keep([*live, Live(holder_id, kept, ends)])
    return row


def release(community_id: str, unit_id: str, holder_id: str) -> FlatPins | None:
    """Return the flat's row without a holder's PIN, to be committed; None if there is none."""
    row = FlatPins.find(tenant_key(community_id, unit_id))
    if row is None or not any(one[0] == holder_id for one in row.held):
        return None
    row.held = [one for one in row.held if one[0] != holder_id]
    return row

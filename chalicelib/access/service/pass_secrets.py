"""What of a pass is sealed: its secret under the master key, its texts under the host's own."""

import base64

from chalicelib.access.rules.allow_lists import Entry
from chalicelib.access.rules.decisions import PASS
from chalicelib.access.service import pins
from chalicelib.access.tables.passes import PassRow
from chalicelib.core import keyring, sealing


def sealed(pass_key: str, secret: bytes) -> bytes:
    """Return a pass's secret as its row keeps it."""
    return keyring.seal(secret, _context(pass_key))


def opened(row: PassRow) -> bytes:
    """Return the secret of a pass."""
    return keyring.unseal(bytes(row.secret), _context(row.pass_key))


def seal_text(row: PassRow, field: str, said: str, key: sealing.PersonKey) -> bytes | None:
    """Return what a host says of a visitor as the row keeps it; None for nothing."""
    if not said:
        return None
    return sealing.seal(row.community_id, row.host_id, f"pass.{field}", said, key=key)


def text(row: PassRow, field: str, key: sealing.PersonKey | None) -> str:
    """Return what a host said of a visitor; empty without it, or without the host's key."""
    kept = getattr(row, field)
    if kept is None or key is None:
        return ""
    return sealing.open(row.community_id, row.host_id, f"pass.{field}", bytes(kept), key=key)


def entry_of(row: PassRow, *, uses: int | None) -> Entry:
    """Return what a door may be shown of a pass, with the uses that it may still count down."""
    secret = opened(row)
    pin = pins.pin_hash(row.community_id, row.unit_id, pins.pin_of(secret)) if row.has_pin else ""
    return Entry(
        id=row.pass_id,
        kind=PASS,
        unit=row.unit_id,
        qr_key=base64.b64encode(secret).decode(),
        pin_hash=pin,
        start=int(row.starts),
        end=int(row.ends),
        floors=tuple(int(floor) for floor in row.floors),
        uses=uses,
        companions=int(row.companions),
    )


def _context(pass_key: str) -> str:
    return f"pass/{pass_key}"

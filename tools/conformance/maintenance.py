"""The device is in maintenance while it is examined: what we do to it is no fault of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import requests

from tools.simulate.person import Person

LONGEST = timedelta(hours=2)
WHY = "设备协议一致性测试"

ALONE = (
    "note: without a property manager's sign-in (--token) the device stays in service. We cut its "
    "connection and\n      restart it, which may open a fault order (flapping): put it in "
    "maintenance first."
)
ALREADY = "The device is in maintenance already, and stays so."
BEGUN = "The device is in maintenance while it is examined: no fault order is opened."


@contextmanager
def maintained(staff: Person | None, device_id: str) -> Iterator[str]:
    """Put a device in maintenance and take it out again; yield what a person is told of it.

    One that is in maintenance stays so. Where staff may not do that, or there are none, the
    examination goes on.
    """
    begun, said = _begin(staff, device_id) if staff is not None else (False, ALONE)
    try:
        yield said
    finally:
        if begun and staff is not None:
            _end(staff, device_id)


def _begin(staff: Person, device_id: str) -> tuple[bool, str]:
    until = datetime.now(UTC) + LONGEST
    try:
        if staff.read(f"/property/devices/{device_id}/health")["maintained_until"]:
            return False, ALREADY
        _ask(staff, device_id, until.isoformat())
    except requests.RequestException as failure:
        return False, f"note: the device could not be put in maintenance: {failure}"
    return True, BEGUN


def _end(staff: Person, device_id: str) -> None:
    try:
        _ask(staff, device_id, None)
    except requests.RequestException as failure:
        print(f"note: the device is still in maintenance, for {LONGEST}: {failure}", flush=True)


def _ask(staff: Person, device_id: str, until: str | None) -> None:
    body = {"until": until, "reason": WHY}
    staff.post(f"/property/devices/{device_id}/maintenance", body).raise_for_status()

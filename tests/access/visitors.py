"""A host who gives passes, and doors that ask: what tests of passes and decisions share."""

import uuid
from datetime import datetime, timedelta

from chalicelib.access.rules import qr
from chalicelib.access.rules.decisions import Direction, Method
from chalicelib.access.rules.passes import Window
from chalicelib.access.service import decisions, pass_giving, passes
from chalicelib.access.service.recognition import Question
from chalicelib.access.tables.passes import PassRow
from chalicelib.core import clock
from chalicelib.core.auth import Caller
from chalicelib.devices import public as devices
from chalicelib.devices.service import registry


def window(hours: float = 2, start_h: float = 0) -> Window:
    starts = clock.now() + timedelta(hours=start_h)
    return Window(starts, starts + timedelta(hours=hours))


def give(host: Caller, unit_id: str = "u1", **wish) -> passes.PassView:
    """Give a pass, two hours long from now unless told otherwise."""
    said = {"window": window(), **wish}
    receipt = pass_giving.give(host, pass_giving.Wish(unit_id=unit_id, **said))
    return passes.show(host, receipt.pass_id)


def code(host: Caller, pass_id: str, at: datetime | None = None) -> str:
    """Return what the visitor's phone shows now."""
    holder, secret = qr.opened(passes.share(host, pass_id).token) or ("", b"")
    return qr.code(holder, secret, qr.step_at(at or clock.now()))


def at_door(device: devices.Enrolment) -> devices.Speaker:
    """Return a device as its signature names it."""
    row = registry.remembered(device.device_id)
    assert row is not None
    return devices.Speaker(
        row.device_id, row.community_id, row.kind, row.place_id, row.node_path or "", row.name
    )


def ask(device: devices.Enrolment, shown: str, **question) -> decisions.Answer:
    """Let a door ask about a code, or what else it is shown."""
    at = question.pop("at", None)
    given = {"request_id": uuid.uuid4().hex, "method": Method.QR, **question}
    return decisions.decide(at_door(device), Question(shown=shown, **given), at=at)


def by_pin(
    device: devices.Enrolment, pin: str | None, unit_id: str = "u1", **more
) -> decisions.Answer:
    assert pin is not None
    return ask(device, pin, method=Method.PIN, unit_id=unit_id, **more)


IN, OUT = Direction.IN, Direction.OUT


def on_record(community_id: str, pass_id: str) -> PassRow:
    """Return a pass as it is kept."""
    row = PassRow.of(community_id, pass_id)
    assert row is not None
    return row

"""Handlers as one writes them first: read, check, write. The simulator must break them."""

import json
from typing import Any

from chalicelib.access.tables.calls import CallRow
from chalicelib.core import ids
from chalicelib.devices import public as devices
from tests.invariants.town import COMMUNITY, Swaps


def open_gate(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Open if it still rings: two taps at once both find that it does."""
    call = CallRow.of(COMMUNITY, event["pathParameters"]["call_id"])
    if call is None or call.state != "RINGING":
        return answer(409, {"code": "already_answered"})
    cause = devices.Cause(call.call_id, "somebody")
    command = devices.prepare(
        COMMUNITY, call.gate_id, "gate.open", {}, command_id=ids.new_id("cmd"), cause=cause
    )
    command.save()
    devices.dispatch(command)
    call.state, call.command_id = "SENT", command.command_id
    call.save(add_version_condition=False)
    return answer(200, {"call_id": call.call_id, "command_id": command.command_id, "state": "SENT"})


def answer(status: int, body: dict[str, Any]) -> dict[str, Any]:
    """Return a reply as API Gateway takes it."""
    return {"statusCode": status, "body": json.dumps(body)}


SWAPS: Swaps = {"open_gate": open_gate}

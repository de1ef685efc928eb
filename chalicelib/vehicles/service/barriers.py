"""How barriers took their commands: one that did not open is the guard's."""

from chalicelib.access import public as access
from chalicelib.core import outbox
from chalicelib.core.patience import patiently
from chalicelib.core.table import Row
from chalicelib.devices.events import CommandSettled
from chalicelib.vehicles.rules.passing import Why
from chalicelib.vehicles.tables.stays import StayRow

_ENDS = {"DONE": "OPENED", "REJECTED": "FAILED", "FAILED": "FAILED", "EXPIRED": "UNKNOWN"}


def hear_barrier(event: CommandSettled) -> None:
    """Note how the barrier took a stay's command; one that did not open is the guard's."""
    patiently(lambda: _settle(event))


def _settle(event: CommandSettled) -> None:
    stay = StayRow.of(event.community_id, event.cause_id)
    end = _ENDS.get(event.state)
    if stay is None or end is None or stay.opened != "SENT":
        return
    if stay.command_id != event.command_id:
        return
    stay.opened = end
    rows: list[Row] = [stay]
    if end != "OPENED":
        ask = access.DeskAsk(
            event.community_id,
            access.DeskKind.PLATE,
            event.command_id,
            Why.BARRIER_FAILED.value,
            stay.place_id,
            event.settled_at,
            door_id=event.device_id,
            path=stay.path or "",
            unit_id=stay.unit_id or "",
            still=stay.exit_still or stay.entry_still or "",
            subject=stay.stay_id,
        )
        rows.append(access.ask_desk(ask))
    outbox.commit(*rows)

"""HTTP of staff: what devices are like now, and what they measured."""

from chalicelib.core import web
from chalicelib.core.auth import Caller
from chalicelib.devices.schemas.history import HistoryPage, HistoryQuery
from chalicelib.devices.schemas.telemetry import (
    NewestPage,
    NewestQuery,
    SeriesPage,
    SeriesQuery,
    StateShown,
)
from chalicelib.devices.service import history, registry, state, telemetry

router = web.Router(__name__)


@router.get("/property/devices/{device_id}/state", permission="devices.read", reply=StateShown)
def show_state(caller: Caller, device_id: str) -> state.State:
    """Show what a device is like now: its newest events and values."""
    return state.show(caller, device_id)


@router.get(
    "/property/devices/{device_id}/events",
    permission="devices.read",
    reply=HistoryPage,
    refuses=(422,),
)
def list_device_events(caller: Caller, device_id: str, query: HistoryQuery) -> history.History:
    """List what a device reported within 30 days, the newest first.

    Heartbeats and telemetry are not listed. Of types that may name a person there is no data
    here, only that they came.
    """
    wanted = history.Wanted(
        query.type or "", query.since, query.until, limit=query.limit, after=query.cursor
    )
    return history.read(caller, device_id, wanted)


@router.get(
    "/property/devices/{device_id}/telemetry",
    permission="devices.read",
    reply=SeriesPage,
    refuses=(422,),
)
def read_telemetry(caller: Caller, device_id: str, query: SeriesQuery) -> telemetry.Points:
    """Read what a device measured: single samples (30 days), five minutes (1 year), hours (5).

    Values of a person's body are refused (`personal_reading`).
    """
    wanted = telemetry.Wanted(
        query.quantity, query.since, query.until, query.step, limit=query.limit, after=query.cursor
    )
    return telemetry.read(caller, device_id, wanted)


@router.get("/property/telemetry", permission="devices.read", reply=NewestPage, refuses=(404,))
def list_newest(caller: Caller, query: NewestQuery) -> telemetry.Newest:
    """List the newest value of a quantity from each device: of a kind, at a place, or of all."""
    kind = query.kind.value if query.kind else ""
    wanted = registry.Wanted(kind=kind, place_id=query.place_id or "")
    return telemetry.newest(caller, query.quantity, wanted, limit=query.limit, after=query.cursor)

"""HTTP of staff: how devices are, and what is done about it."""

from chalicelib.core import web
from chalicelib.core.auth import Caller
from chalicelib.core.schema import Paging
from chalicelib.devices.schemas import health as schemas
from chalicelib.devices.service import checkups, repairs, uptime

router = web.Router(__name__)


@router.get(
    "/property/devices/{device_id}/health", permission="devices.read", reply=schemas.HealthShown
)
def show_health(caller: Caller, device_id: str) -> checkups.HealthView:
    """Show how a device is, and its faults under way; also of a retired one."""
    return checkups.show(caller, device_id)


@router.get("/property/device-health", permission="devices.read", reply=schemas.ListedPage)
def list_health(caller: Caller, query: schemas.HealthQuery) -> checkups.ListedPage:
    """List the estate's devices of one state, or all that ever spoke."""
    return checkups.listed(caller, query.state, limit=query.limit, after=query.cursor)


@router.get(
    "/property/devices/{device_id}/faults", permission="devices.read", reply=schemas.FaultPage
)
def list_faults(caller: Caller, device_id: str, query: Paging) -> checkups.FaultPage:
    """List a device's fault orders, the newest first, whatever hardware it was."""
    return checkups.faults(caller, device_id, limit=query.limit, after=query.cursor)


@router.post(
    "/property/devices/{device_id}/maintenance",
    permission="devices.maintain",
    reply=schemas.HealthShown,
    refuses=(409, 422),
)
def maintain_device(
    caller: Caller, device_id: str, body: schemas.MaintenanceAsked
) -> checkups.HealthView:
    """Put a device in maintenance until then, or end that now: it raises no faults."""
    return repairs.maintain(caller, device_id, body.until, body.reason)


@router.post(
    "/property/devices/{device_id}/faults/{fault_id}/repairing",
    permission="devices.repair",
    reply=schemas.FaultShown,
    refuses=(409, 422),
)
def begin_repair(
    caller: Caller, device_id: str, fault_id: str, body: schemas.FaultAsked
) -> checkups.FaultView:
    """Say that somebody works on an order; saying it again changes nothing."""
    return repairs.begin_repair(caller, device_id, fault_id, body.note)


@router.post(
    "/property/devices/{device_id}/faults/{fault_id}/repaired",
    permission="devices.repair",
    reply=schemas.FaultShown,
    refuses=(409, 422),
)
def end_repair(
    caller: Caller, device_id: str, fault_id: str, body: schemas.FaultAsked
) -> checkups.FaultView:
    """Say that the work is done: the device is observed, then the order ends."""
    return repairs.end_repair(caller, device_id, fault_id, body.note)


@router.post(
    "/property/devices/{device_id}/faults/{fault_id}/false-alarm",
    permission="devices.maintain",
    reply=schemas.FaultShown,
    refuses=(409, 422),
)
def dismiss_fault(
    caller: Caller, device_id: str, fault_id: str, body: schemas.FaultAsked
) -> checkups.FaultView:
    """Say that it was no fault: the order ends, and counts against its vendor."""
    return repairs.dismiss(caller, device_id, fault_id, body.note)


@router.get(
    "/property/device-report",
    permission="devices.maintain",
    reply=schemas.ReportShown,
    refuses=(422,),
)
def report_month(caller: Caller, query: schemas.ReportQuery) -> uptime.Report:
    """Report uptime, false alarms and idleness of a month, by vendor and kind."""
    return uptime.report(caller, query.month)

"""HTTP of staff: which devices there are, where they stand, and what their labels say."""

from chalicelib.core import web
from chalicelib.core.auth import Caller
from chalicelib.devices.schemas import registry as schemas
from chalicelib.devices.service import enrolment, labels, registry, views
from chalicelib.devices.service.enrolment import Hardware, Spot

router = web.Router(__name__)


@router.get("/property/device-kinds", permission="devices.read", reply=schemas.KindsReply)
def list_device_kinds(caller: Caller) -> views.Kinds:  # noqa: ARG001 -- who asks is checked, not used
    """List every kind of device: what it reports, understands, measures, and does alone."""
    return views.kinds()


@router.get(
    "/property/devices", permission="devices.read", reply=schemas.DevicePage, refuses=(404,)
)
def list_devices(caller: Caller, query: schemas.DeviceQuery) -> registry.Listing:
    """List the estate's devices, by kind, place or node."""
    return registry.listing(caller, _wanted(query), limit=query.limit, after=query.cursor)


@router.get(
    "/property/device-labels", permission="devices.read", reply="application/pdf", refuses=(404,)
)
def print_device_labels(caller: Caller, query: schemas.LabelQuery) -> web.File:
    """Print labels with QR codes for devices: A4 sheets of 24."""
    return labels.sheet_for(caller, _wanted(query), limit=query.limit, after=query.cursor)


@router.post(
    "/property/devices",
    permission="devices.enrol",
    reply=schemas.EnrolmentReply,
    once=True,
    then=enrolment.shown_once,
    refuses=(404, 422),
)
def enrol_device(caller: Caller, body: schemas.EnrolAsked) -> enrolment.Enrolment:
    """Enrol a device; its key is shown in this answer and never again."""
    return enrolment.enrol_at(
        caller, body.kind, body.name, spot=_spot(body), hardware=_hardware(body)
    )


@router.get("/property/devices/{device_id}", permission="devices.read", reply=schemas.DeviceDetail)
def show_device(caller: Caller, device_id: str) -> views.DeviceView:
    """Show a device, also a retired one; its firmware is what it says itself, if it does."""
    return views.whole(registry.seen_by(caller, device_id))


@router.put(
    "/property/devices/{device_id}",
    permission="devices.enrol",
    reply=schemas.DeviceDetail,
    refuses=(409, 422),
)
def place_device(caller: Caller, device_id: str, body: schemas.SpotAsked) -> views.DeviceView:
    """Rename or move a device."""
    return views.view(enrolment.place(caller, device_id, body.name, spot=_spot(body)))


@router.post(
    "/property/devices/{device_id}/swap",
    permission="devices.keys",
    reply=schemas.EnrolmentReply,
    once=True,
    then=enrolment.shown_once,
)
def swap_device(caller: Caller, device_id: str, body: schemas.PlateAsked) -> enrolment.Enrolment:
    """Put other hardware under a device's id: a new key, and every old one is withdrawn."""
    registry.seen_by(caller, device_id)
    return enrolment.swap(caller.community_id, device_id, _hardware(body), by=caller.subject_id)


@router.post(
    "/property/devices/{device_id}/retire",
    permission="devices.enrol",
    reply=schemas.DeviceDetail,
    refuses=(409, 422),
)
def retire_device(caller: Caller, device_id: str) -> views.DeviceView:
    """Retire a device: its keys are destroyed, and nothing reaches it any more."""
    registry.seen_by(caller, device_id)
    gone = enrolment.retire(caller.community_id, device_id, by=caller.subject_id)
    return views.view(gone)


def _wanted(query: schemas.DeviceQuery) -> registry.Wanted:
    kind = query.kind.value if query.kind else ""
    return registry.Wanted(kind, query.place_id or "", query.under or "", query.retired)


def _spot(body: schemas.SpotAsked) -> Spot:
    return Spot(body.place_id or "", body.node_path, body.gateway_id or "", body.new_place)


def _hardware(body: schemas.PlateAsked) -> Hardware:
    return Hardware(
        vendor=body.vendor,
        model=body.model,
        serial=body.serial,
        firmware=body.firmware,
        warranty_until=body.warranty_until.isoformat() if body.warranty_until else "",
        public_key=body.public_key or "",
    )

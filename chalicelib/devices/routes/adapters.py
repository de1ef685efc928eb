"""HTTP of vendors' devices, and of the staff who attach them."""

from chalicelib.core import web
from chalicelib.core.auth import Caller
from chalicelib.devices.schemas.adapters import (
    AdapterAsked,
    AttachedReply,
    DetachedReply,
    GapsReply,
    TrialAsked,
    TrialReply,
    VendorMessage,
)
from chalicelib.devices.schemas.uplink import AcceptedReply
from chalicelib.devices.service import adapting, attaching, gaps, registry, uplink

router = web.Router(__name__)

VENDORS = (
    "application/json",
    "application/xml",
    "text/xml",
    "text/plain",
    "multipart/form-data",
)
"""What vendors' devices say that they send; the adapter looks at the bytes themselves."""


@router.post(
    "/device/adapters/{vendor}/{device_id}/{token}",
    reply=AcceptedReply,
    described_by=VendorMessage,
    content=VENDORS,
    signed=False,
    refuses=(409, 422, 429),
)
def take_vendor_message(vendor: str, device_id: str, token: str, raw: web.Raw) -> uplink.Accepted:
    """Take a message in a vendor's own format; the address is the device's secret."""
    kind = raw.headers.get("content-type", "")
    return adapting.take(vendor, device_id, token, raw.body, kind)


@router.put(
    "/property/devices/{device_id}/adapter",
    permission="devices.keys",
    reply=AttachedReply,
    refuses=(409, 422),
)
def attach_adapter(caller: Caller, device_id: str, body: AdapterAsked) -> attaching.Attached:
    """Say by which adapter a device speaks; its address is shown once, when it is new."""
    registry.seen_by(caller, device_id)
    wish = attaching.AdapterWish(body.adapter, body.settings, body.new_token)
    return attaching.attach(caller.community_id, device_id, wish)


@router.get("/property/devices/{device_id}/adapter", permission="devices.keys", reply=AttachedReply)
def show_adapter(caller: Caller, device_id: str) -> attaching.Attached:
    """Show by which adapter a device speaks, and its settings but for the secret."""
    registry.seen_by(caller, device_id)
    return attaching.attachment(caller.community_id, device_id)


@router.delete(
    "/property/devices/{device_id}/adapter",
    permission="devices.keys",
    reply=DetachedReply,
    refuses=(409,),
)
def detach_adapter(caller: Caller, device_id: str) -> attaching.Detached:
    """Hear a device's vendor no more; its address is void, everywhere within half a minute."""
    registry.seen_by(caller, device_id)
    return attaching.detach(caller.community_id, device_id)


@router.post(
    "/property/devices/{device_id}/adapter/trial",
    permission="devices.keys",
    reply=TrialReply,
    refuses=(413, 422),
)
def try_adapter(caller: Caller, device_id: str, body: TrialAsked) -> adapting.Tried:
    """Show what a message of the vendor's would become; writes nothing."""
    registry.seen_by(caller, device_id)
    message = body.body.encode("utf-8", "replace")
    return adapting.attempt(caller.community_id, device_id, message, body.content_type)


@router.get("/property/devices/{device_id}/gaps", permission="devices.read", reply=GapsReply)
def show_gaps(caller: Caller, device_id: str) -> gaps.Gaps:
    """Show which of a device's counted events never came."""
    registry.seen_by(caller, device_id)
    return gaps.missing(caller.community_id, device_id)

"""HTTP of devices: their own signed uplink, and the list that staff see."""

from chalicelib.core import media, web
from chalicelib.core.auth import Caller
from chalicelib.core.schema import Paging, UploadAsked, UploadReply
from chalicelib.devices import schemas
from chalicelib.devices.service import registry, uplink

router = web.Router(__name__)


@router.post(
    "/device/events",
    reply=schemas.AcceptedReply,
    described_by=schemas.CloudEventBatch,
    content=schemas.CLOUD_EVENTS,
    refuses=(409, 429),
)
def report_events(raw: web.Raw) -> uplink.Accepted:
    """Report events: one CloudEvent or a batch, signed with the device's key."""
    device = uplink.authenticate(raw.headers, raw.body)
    batch = schemas.read_batch(raw.body, device.device_id, device.kind)
    return uplink.accept(device, raw.headers["webhook-id"], raw.body, batch)


@router.post("/device/uploads", reply=UploadReply, described_by=UploadAsked)
def ask_upload(raw: web.Raw) -> media.Upload:
    """Ask where to upload a picture of exactly this size and hash."""
    device = uplink.authenticate(raw.headers, raw.body)
    asked = web.parsed(UploadAsked, raw.body)
    return uplink.grant_upload(device, asked.content_type, asked.bytes, asked.sha256)


@router.get("/property/devices", permission="devices.read", reply=schemas.DevicePage)
def list_devices(caller: Caller, query: Paging) -> registry.Listing:
    """List the estate's devices."""
    return registry.listing(caller.community_id, limit=query.limit, after=query.cursor)

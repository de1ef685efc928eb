"""HTTP of devices themselves: the signed uplink."""

from chalicelib.core import clock, media, web
from chalicelib.core.schema import UploadAsked, UploadReply
from chalicelib.devices.schemas.uplink import (
    CLOUD_EVENTS,
    AcceptedReply,
    CloudEventBatch,
    read_batch,
)
from chalicelib.devices.service import admission, stills, uplink

router = web.Router(__name__)


@router.post(
    "/device/events",
    reply=AcceptedReply,
    described_by=CloudEventBatch,
    content=CLOUD_EVENTS,
    refuses=(409, 429),
)
def report_events(raw: web.Raw) -> uplink.Accepted:
    """Report events: one CloudEvent or a batch, signed with the device's key."""
    device = admission.authenticate(raw.headers, raw.body)
    of, folder = device.device_id, stills.folder(device)
    batch = read_batch(raw.body, of, device.kind, folder=folder, at=clock.now())
    return uplink.accept(device, raw.headers["webhook-id"], raw.body, batch)


@router.post("/device/uploads", reply=UploadReply, described_by=UploadAsked, refuses=(429,))
def ask_upload(raw: web.Raw) -> media.Upload:
    """Ask where to upload a picture of exactly this size and hash."""
    device = admission.authenticate(raw.headers, raw.body)
    asked = web.parsed(UploadAsked, raw.body)
    admission.count_upload(device, raw.headers["webhook-id"], raw.body)
    return media.granted(stills.folder(device), asked.content_type, asked.bytes, asked.sha256)

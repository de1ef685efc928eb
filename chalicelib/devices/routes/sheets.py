"""HTTP of staff: many devices at once, from a sheet."""

import base64
import binascii

from chalicelib.core import web
from chalicelib.core.auth import Caller
from chalicelib.core.errors import BadRequest
from chalicelib.devices.schemas.sheets import SheetAsked, SheetReply
from chalicelib.devices.service import sheets

router = web.Router(__name__)


@router.post(
    "/property/device-sheets/check",
    permission="devices.enrol",
    reply=SheetReply,
    refuses=(404, 422),
)
def check_device_sheet(caller: Caller, body: SheetAsked) -> sheets.Batch:
    """Judge a sheet of devices (dry run): every bad cell, and nothing enrolled."""
    return sheets.check(caller, _content(body))


@router.post(
    "/property/device-sheets",
    permission="devices.enrol",
    reply=SheetReply,
    once=True,
    then=sheets.shown_once,
    refuses=(404, 422),
)
def enrol_device_sheet(caller: Caller, body: SheetAsked) -> sheets.Batch:
    """Enrol every device of a sheet; with any bad cell none is (422 `bad_lines`)."""
    return sheets.accept(caller, _content(body))


def _content(body: SheetAsked) -> bytes:
    try:
        return base64.b64decode(body.sheet, validate=True)
    except (binascii.Error, ValueError) as failure:
        raise BadRequest("bad_base64", "文件内容不是有效的 Base64") from failure

"""HTTP of staff: the keys that devices speak with."""

from chalicelib.core import web
from chalicelib.core.auth import Caller
from chalicelib.devices.schemas import registry as schemas
from chalicelib.devices.service import keys, registry

router = web.Router(__name__)


@router.post(
    "/property/devices/{device_id}/keys",
    permission="devices.keys",
    reply=schemas.KeyReply,
    once=True,
    then=keys.revealed,
    refuses=(422,),
)
def rotate_device_key(caller: Caller, device_id: str, body: schemas.KeyAsked) -> keys.Issued:
    """Give a device a second key; both are taken until one is withdrawn."""
    registry.seen_by(caller, device_id)
    return keys.rotate(caller.community_id, device_id, public_key=body.public_key or "")


@router.post(
    "/property/devices/{device_id}/keys/{key_id}/withdraw",
    permission="devices.keys",
    reply=schemas.KeysReply,
    refuses=(409, 422),
)
def withdraw_device_key(caller: Caller, device_id: str, key_id: str) -> keys.Keys:
    """Take a key away from a device; never its last one."""
    registry.seen_by(caller, device_id)
    return keys.withdraw(caller.community_id, device_id, key_id)

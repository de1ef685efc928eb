"""What a device that asks us can prove to come from us: answers signed as commands are."""

from collections.abc import Mapping
from typing import Any

from chalicelib.devices.service import messages
from chalicelib.devices.service.keys import signing_key
from chalicelib.devices.service.registry import device_of


def signed_for(community_id: str, device_id: str, told: Mapping[str, Any]) -> dict[str, str]:
    """Return `{p, s, kid}`: a JSON text and its HMAC under the device's key; one read.

    Raises NotFound `no_such_device`, Unprocessable `no_command_key` for a device with public
    keys only.
    """
    key_id, key = signing_key(device_of(community_id, device_id))
    payload, signature = messages.signed(device_id, key, dict(told))
    return {"p": payload, "s": signature, "kid": key_id}

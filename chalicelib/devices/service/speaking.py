"""Who speaks on a device's own route of another domain: a signature checked, a request counted."""

from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.core.errors import Unauthenticated
from chalicelib.devices.rules.registry import Standing
from chalicelib.devices.service import admission


@dataclass(frozen=True)
class Speaker:
    """The device that signed a request, and where it stands (`node_path`: in the tree)."""

    device_id: str
    community_id: str
    kind: str
    place_id: str
    node_path: str
    name: str


def speaking(headers: Mapping[str, str], body: bytes) -> Speaker:
    """Return the device that signed these bytes; it may be `REMEMBERED_S` old.

    Takes one from its bucket, as an event does. Raises as `admission.authenticate`, and
    TooMany `too_many_events` or `quarantined`; a retired device is as good as unknown.
    """
    device = admission.authenticate(headers, body)
    if device.standing == Standing.RETIRED:
        raise Unauthenticated("bad_signature", "设备签名无效")
    admission.admit(device, 0, cost=1, alarm=False)
    return Speaker(
        device_id=device.device_id,
        community_id=device.community_id,
        kind=device.kind,
        place_id=device.place_id,
        node_path=device.node_path or "",
        name=device.name,
    )

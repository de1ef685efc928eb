"""Who may sign in at this machine's broker: every enrolled device.

Reads the whole table of devices, of every community: for an installation of few devices, whose
broker has its passwords in a file. No function's rights allow that, and the domain knows nothing
of it.
"""

from chalicelib.devices import public as devices
from chalicelib.devices.service.keys import secret_ids
from chalicelib.devices.service.registry import key_of
from chalicelib.devices.tables.registry import Device
from infra.one_machine.broker import Account


def enrolled() -> list[Account]:
    """Return every device that has a secret key, as the broker knows it.

    Its password is of its oldest key until that is withdrawn, so that a rotation shuts out
    nobody.
    """
    return [
        Account(device.device_id, device.community_id, devices.mqtt_password(key))
        for device in Device.scan(consistent_read=True)
        for key_id in secret_ids(device)[:1]
        if (key := key_of(device, key_id)) is not None
    ]

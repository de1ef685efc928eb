"""Let a device's health follow what became of the device: swapped, retired, quarantined."""

from chalicelib.core.queue import handler as queue_handler
from chalicelib.devices import public as devices
from chalicelib.devices.events import DeviceQuarantined, DeviceRetired, DeviceSwapped

handler = queue_handler(
    "follow_devices",
    {
        DeviceSwapped: devices.follow_device,
        DeviceRetired: devices.follow_device,
        DeviceQuarantined: devices.follow_quarantine,
    },
)

"""Put each passage on record: what doors and cameras report, what we opened from afar."""

from chalicelib.access.events import OpeningClosed
from chalicelib.core import queue
from chalicelib.devices.events import DeviceEventRecorded
from chalicelib.passages import public as passages

handler = queue.handler(
    "record_passages",
    {DeviceEventRecorded: passages.record, OpeningClosed: passages.record_opening},
)

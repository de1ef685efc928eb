"""A frame was examined, or a lift answered: open, clear or escalate an alert."""

from chalicelib.alerts import public as alerts
from chalicelib.core import queue
from chalicelib.devices.events import CommandSettled
from chalicelib.vision.events import FrameExamined

handler = queue.handler(
    "raise_alert",
    {FrameExamined: alerts.hear_frame, CommandSettled: alerts.hear_settled},
)

"""Faces and fingers that a device has and should not: taken back, and a person asked to look."""

from chalicelib.access.rules.desk import DeskAsk, DeskKind
from chalicelib.access.service import enrolments
from chalicelib.access.service.desk import ask_desk
from chalicelib.core import clock, ids, outbox
from chalicelib.core.errors import Conflict, Refusal
from chalicelib.core.logs import logger
from chalicelib.devices import public as devices
from chalicelib.devices.events import DeviceEventRecorded


def recall(event: DeviceEventRecorded, credential_id: str) -> None:
    """Tell a device to give up what we never asked it to take, and ask a guard; once per event."""
    logger().error("unknown credential", extra={"device": event.device_id})
    row = ask_desk(
        DeskAsk(
            event.community_id,
            DeskKind.DOOR,
            cause=f"{event.event_id}/{event.device_id}",
            why="unknown_credential",
            place_id=event.place_id,
            asked_at=clock.now(),
        )
    )
    try:
        command = devices.prepare(
            event.community_id,
            event.device_id,
            "credential.withdraw",
            {"credential_id": credential_id},
            command_id=ids.derived("cmd", "stray", event.device_id, event.event_id),
            cause=devices.Cause(event.event_id, enrolments.BY),
        )
    except Refusal as refusal:
        logger().warning("stray not told", extra={"reason": refusal.code})
        outbox.commit_once(row)
        return
    try:
        outbox.commit(row, command)
    except Conflict:
        if not row.has_twin():
            raise
        return
    devices.dispatch(command)

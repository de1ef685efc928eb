"""The use case of a ring: each adult's phone is told that somebody is at the gate."""

from zoneinfo import ZoneInfo

from chalicelib.access.events import CallRung
from chalicelib.core.errors import NotFound
from chalicelib.core.logs import logger
from chalicelib.devices import public as devices
from chalicelib.identity import public as identity
from chalicelib.notices.rules.templates import About
from chalicelib.notices.service import telling
from chalicelib.notices.service.telling import Message

TIP = "访客呼叫，请尽快应答"


def ring(event: CallRung) -> None:
    """Tell the adults of a flat of a call, each by one message, never after its end.

    A visitor's name and picture stay with us. One person's trouble keeps no other from being
    told; it is raised at the end, so that the message comes again for who was not told.
    """
    words, troubles = _words(event), list[Exception]()
    for person_id in event.answerers:
        about = Message(
            event.community_id, person_id, About.RING, event.call_id, words, event.expires_at
        )
        try:
            telling.tell(about)
        except Exception as trouble:  # noqa: BLE001 -- the others of the flat are to be told
            logger().exception("not told", extra={"call": event.call_id})
            troubles.append(trouble)
    if troubles:
        raise troubles[0]


def _words(event: CallRung) -> dict[str, str]:
    """Return what a message may say; three reads. What is not there any more is not named."""
    try:
        place = devices.device_of(event.community_id, event.gate_id).name
    except NotFound:
        place = ""
    try:
        home = identity.home_at(event.community_id, event.unit_id)
    except NotFound:
        return {"place": place, "tip": TIP}
    local = event.rung_at.astimezone(ZoneInfo(home.zone))
    at = local.strftime("%Y-%m-%d %H:%M")
    return {"place": place, "home": home.room or home.unit_id, "at": at, "tip": TIP}

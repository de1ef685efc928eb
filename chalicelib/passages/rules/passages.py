"""Pure rules of passages: the words for them, when they happened, what counts as one."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from enum import StrEnum
from typing import Any, Final

CALENDAR: Final = timezone(timedelta(hours=8))
"""China has one zone; days and nights of an estate are its days and nights."""

BELIEVED_BACK: Final = timedelta(days=28)
BELIEVED_AHEAD: Final = timedelta(minutes=5)
"""A device's label outside of these is a wrong clock (SECURITY.md 19): ours stands instead."""


class Thing(StrEnum):
    """What passed."""

    PERSON = "person"
    VEHICLE = "vehicle"


class PassageOutcome(StrEnum):
    """How a passage ended: through, not let through, or opened from afar for somebody."""

    PASSED = "passed"
    REFUSED = "refused"
    OPENED = "opened"


class Direction(StrEnum):
    """Which way."""

    IN = "in"
    OUT = "out"
    UNKNOWN = "unknown"


class Holder(StrEnum):
    """As what somebody passed; nobody knows whose a button was."""

    RESIDENT = "resident"
    VISITOR = "visitor"
    EMERGENCY = "emergency"
    UNKNOWN = "unknown"


class Method(StrEnum):
    """By what a door or barrier opened."""

    CARD = "card"
    QR = "qr"
    PASSWORD = "password"  # noqa: S105 -- a method's name
    FINGERPRINT = "fingerprint"
    FACE = "face"
    PHONE = "phone"
    CALL = "call"
    DESK = "desk"
    PLATE = "plate"
    REMOTE = "remote"
    BUTTON = "button"
    OTHER = "other"


TYPES: Final[Mapping[str, tuple[Thing, PassageOutcome]]] = {
    "access.passed": (Thing.PERSON, PassageOutcome.PASSED),
    "access.refused": (Thing.PERSON, PassageOutcome.REFUSED),
    "vehicle.passed": (Thing.VEHICLE, PassageOutcome.PASSED),
}
"""Device events that are passages."""

WATCHED_KINDS: Final = frozenset({"gate", "door", "barrier", "plate_camera", "panel"})
"""What stands where somebody passes: a meter or a bin is no gate to stand at."""

PRIVATE_KINDS: Final = frozenset({"lock"})
"""Doors of one flat: they are in the trail of who lives there, and in nobody's list or count."""


@dataclass(frozen=True)
class Said:
    """What a device's event says of a passage, each part checked; empty where it says nothing."""

    thing: Thing
    outcome: PassageOutcome
    method: Method
    direction: Direction
    holder: str = ""
    card: str = ""
    plate: str = ""
    companions: int = 0


MOST_COMPANIONS: Final = 99


def _method(said: Any) -> Method:
    """Return by what a door opened; `pin` and `password` are one."""
    return Method.PASSWORD if said == "pin" else _word(Method, said, Method.OTHER)


def read(event_type: str, data: Mapping[str, Any]) -> Said:
    """Return what an event of one of `TYPES` says; a value of another kind counts as unsaid."""
    thing, outcome = TYPES[event_type]
    is_vehicle = thing is Thing.VEHICLE
    plate = _text(data.get("plate")) if is_vehicle else ""
    return Said(
        thing=thing,
        outcome=outcome,
        method=Method.PLATE if is_vehicle else _method(data.get("method")),
        direction=_word(Direction, data.get("direction"), Direction.UNKNOWN),
        holder=_text(data.get("holder")),
        card=_text(data.get("card")),
        plate="" if plate == "unread" else plate,
        companions=_whole(data.get("companions")),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) and len(value) <= _LONGEST else ""


_LONGEST = 128


def _whole(value: object) -> int:
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return min(max(int(value), 0), MOST_COMPANIONS) if is_whole else 0  # type: ignore[call-overload]  # it is an int


def _word(kind: Any, value: object, unsaid: Any) -> Any:
    return kind(value) if isinstance(value, str) and value in set(kind) else unsaid


def is_ours(holder: str) -> bool:
    """Return whether a door named a credential or a pass of ours; vendors have ids of their own."""
    return bool(_OURS.fullmatch(holder))


_OURS = re.compile(r"(cred|pass)_[A-Za-z0-9_-]{1,58}")


def happened_at(occurred: datetime, received: datetime) -> datetime:
    """Return when a passage happened: the device's own label, if it can be believed."""
    believed = received - BELIEVED_BACK <= occurred <= received + BELIEVED_AHEAD
    return occurred if believed else received


def days_between(since: datetime, until: datetime) -> Iterator[str]:
    """Yield the days (UTC, 20261121) that a half-open period touches, the newest first."""
    day = (until - timedelta(microseconds=1)).date()
    while day >= since.date():
        yield f"{day:%Y%m%d}"
        day -= timedelta(days=1)

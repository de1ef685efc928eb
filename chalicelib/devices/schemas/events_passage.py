"""What doors, gates, panels, barriers and plate cameras report."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from chalicelib.core.schema import Identifier
from chalicelib.devices.schemas.saying import Count, Name, Picture, Ratio, Said, example

Door = Annotated[int, Field(ge=0, le=10_000)]

Plate = Annotated[str, StringConstraints(pattern=r"^[^\sa-z.·-]{1,16}$|^unread$")]
"""A plate in capitals without spaces, dots or dashes; what could not be read is `unread`."""


class Passed(Said):
    """Somebody was let through, by what they showed; `decision` names ours, if we were asked."""

    model_config = example(method="card", door=1, holder="per_01JCZ5", direction="in")

    method: Literal[
        "face",
        "card",
        "fingerprint",
        "password",
        "pin",
        "qr",
        "phone",
        "remote",
        "button",
        "other",
    ]
    door: Door | None = None
    direction: Literal["in", "out", "unknown"] | None = None
    holder: Name | None = None
    card: Name | None = None
    companions: Count | None = None
    decision: Name | None = None
    serial_no: Count | None = None


class Refused(Passed):
    """Somebody was not let through."""

    model_config = example(method="card", door=1, card="0012345678", reason="not_on_list")

    reason: Name | None = None


class ListApplied(Said):
    """A door decides by this version of its list from now on, and by none before it."""

    model_config = example(version=42, entries=318)

    version: Annotated[int, Field(ge=1, le=2**53)]
    entries: Count | None = None


class Enrolled(Said):
    """A face or finger was taken and stays in the device; nothing of it is ever said."""

    model_config = example(credential_id="cred_01JCZ5", kind="face")

    credential_id: Identifier
    kind: Literal["face", "fingerprint"] | None = None


class EnrolFailed(Enrolled):
    """A face or finger could not be taken."""

    model_config = example(credential_id="cred_01JCZ5", kind="face", reason="nobody_came")

    reason: Name | None = None


class CredentialWithdrawn(Enrolled):
    """Nothing of a credential is left in the device: its receipt, also if it never had it."""

    model_config = example(credential_id="cred_01JCZ5", kind="face")


class DoorForced(Said):
    """A door was opened without leave."""

    model_config = example(door=1)

    door: Door | None = None
    serial_no: Count | None = None


class DoorHeldOpen(DoorForced):
    """A door stands open too long."""

    model_config = example(door=1, seconds=60)

    seconds: Count | None = None


class PanelCall(Said):
    """A visitor rings a flat; `gate_id` is at the panel's own place."""

    model_config = example(unit_id="heyuan-1-101", gate_id="heyuan-gate-01")

    unit_id: Identifier
    gate_id: Identifier | None = None
    photo: Annotated[str, StringConstraints(max_length=200)] | None = None


class BarrierMoved(Said):
    """A barrier has gone up or down, and on whose word."""

    model_config = example(position="up", by="command")

    position: Literal["up", "down", "blocked"]
    by: Literal["command", "plate", "button", "remote", "other"] | None = None


class VehiclePassed(Said):
    """A vehicle was seen at a lane."""

    model_config = example(
        plate="粤B12345", confidence=0.97, direction="in", lane=1, plate_color="blue", vehicle="car"
    )

    plate: Plate
    confidence: Ratio | None = None
    direction: Literal["in", "out", "unknown"] | None = None
    lane: Annotated[int, Field(ge=0, le=1_000)] | None = None
    plate_color: (
        Literal["blue", "green", "yellow", "yellow_green", "white", "black", "other"] | None
    ) = None
    vehicle: Literal["car", "truck", "bus", "motorcycle", "bicycle", "other"] | None = None
    listed: Literal["allowed", "blocked", "none", "unknown"] | None = None
    picture: Picture | None = None

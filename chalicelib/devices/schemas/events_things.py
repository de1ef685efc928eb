"""What lifts, cameras, bins, chargers and other things report."""

from typing import Annotated, Literal

from pydantic import Field

from chalicelib.core.schema import Identifier
from chalicelib.devices.schemas.events_passage import Plate
from chalicelib.devices.schemas.saying import (
    Celsius,
    Count,
    Name,
    Picture,
    Ratio,
    Said,
    Sentence,
    example,
)

_PICTURE = {"key": "heyuan/stills/heyuan-lift-camera-1/9f86.jpg", "sha256": "9f" * 32}


class LiftMoved(Said):
    """A lift has come to a floor."""

    model_config = example(floor=7, direction="up", doors="open")

    floor: Annotated[int, Field(ge=-20, le=200)]
    direction: Literal["up", "down", "none"] | None = None
    doors: Literal["open", "closed", "moving"] | None = None


class LiftSighting(Said):
    """A still of a lift's car, to be looked at."""

    model_config = example(picture=_PICTURE)

    picture: Picture


class CameraSighting(Said):
    """A camera has seen something."""

    model_config = example(what="non_motor", riders=1, confidence=0.88, picture=_PICTURE)

    picture: Picture | None = None
    what: Literal["person", "vehicle", "non_motor", "face", "other"] | None = None
    riders: Count | None = None
    plate: Plate | None = None
    confidence: Ratio | None = None


class BinOpened(Said):
    """A bin's door was opened, by whom it read."""

    model_config = example(category="kitchen", holder="card-0012345678")

    category: Name | None = None
    holder: Name | None = None


class BinDeposited(BinOpened):
    """Something was thrown in: weights in grams before and after."""

    model_config = example(
        session="s-20261121-17", category="kitchen", holder="card-1", grams=1_250
    )

    grams: Annotated[int, Field(ge=0, le=1_000_000)]
    before_grams: Annotated[int, Field(ge=0, le=10_000_000)] | None = None
    after_grams: Annotated[int, Field(ge=0, le=10_000_000)] | None = None
    session: Name | None = None


class BinLevel(Said):
    """How full a bin is: 0 empty, 1 full."""

    model_config = example(category="kitchen", fullness=0.83)

    fullness: Ratio
    category: Name | None = None


class VendingDispensed(Said):
    """A machine has handed something out."""

    model_config = example(slot="A3", order="ord_01JCZ5", left=4)

    slot: Name
    order: Identifier | None = None
    left: Count | None = None


class VendingJammed(Said):
    """A machine could not hand something out."""

    model_config = example(slot="A3", order="ord_01JCZ5")

    slot: Name | None = None
    order: Identifier | None = None


Connector = Annotated[int, Field(ge=0, le=1_000)]


class ChargerStatus(Said):
    """What a connector is doing (OCPP 1.6, StatusNotification)."""

    model_config = example(connector=2, status="charging")

    connector: Connector
    status: Literal["available", "preparing", "charging", "suspended", "finishing", "faulted"]
    error: Name | None = None


class ChargerStarted(Said):
    """Current flows: the session that the device itself holds, and the meter then."""

    model_config = example(connector=2, session="cs_01JCZ5", meter_wh=120_500)

    connector: Connector
    session: Name
    meter_wh: Count | None = None


class ChargerStopped(ChargerStarted):
    """Current has stopped, and why."""

    model_config = example(
        connector=2, session="cs_01JCZ5", meter_wh=121_900, delivered_s=7_200, reason="full"
    )

    delivered_s: Count | None = None
    reason: (
        Literal[
            "full",
            "unplugged",
            "overload",
            "overheat",
            "smoke",
            "time",
            "command",
            "power_lost",
            "other",
        ]
        | None
    ) = None
    temperature: Celsius | None = None


class ValveMoved(Said):
    """A valve has opened or closed, and on whose word."""

    model_config = example(position="closed", by="leak")

    position: Literal["open", "closed", "blocked"]
    by: Literal["command", "leak", "hand", "other"] | None = None


class SpeakerSaid(Said):
    """A loudspeaker has spoken."""

    model_config = example(notice="ntc_01JCZ5", seconds=12)

    notice: Name | None = None
    text: Sentence | None = None
    seconds: Count | None = None


class ScreenShown(Said):
    """A screen shows something new."""

    model_config = example(notice="ntc_01JCZ5")

    notice: Name | None = None
    text: Sentence | None = None


class PowerLost(Said):
    """A gateway's mains power is gone; it speaks from its battery."""

    model_config = example(battery=0.95, children=12)

    battery: Ratio | None = None
    children: Count | None = None

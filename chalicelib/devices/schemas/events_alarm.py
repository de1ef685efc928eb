"""What means danger, and that it is over.

Nothing is required of an alarm: that it came is what counts.
"""

from typing import Annotated, Literal

from pydantic import Field

from chalicelib.devices.schemas.saying import Count, Name, Ratio, Said, example


class Detected(Said):
    """Smoke, gas or water where none should be; `level` in the unit of the kind's telemetry."""

    model_config = example(level=0.12, sensor="kitchen", test=False)

    level: float | None = None
    sensor: Name | None = None
    test: Annotated[bool, Field(description="its test button was pressed")] | None = None


class Cleared(Detected):
    """It is over."""

    model_config = example(level=0.0, sensor="kitchen")


class SosPressed(Said):
    """Somebody asks for help."""

    model_config = example(button="side", battery=0.41)

    button: Name | None = None
    battery: Ratio | None = None
    level: float | None = None
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None


class Fell(SosPressed):
    """Its wearer seems to have fallen."""

    model_config = example(confidence=0.9, battery=0.41)

    confidence: Ratio | None = None


class Removed(Said):
    """It was taken off."""

    model_config = example(battery=0.41)

    battery: Ratio | None = None
    level: float | None = None


class Trapped(Said):
    """People are shut in a lift: 电梯困人."""

    model_config = example(floor=7, by="button", people=2)

    floor: Annotated[int, Field(ge=-20, le=200)] | None = None
    by: Literal["button", "sensor", "other"] | None = None
    people: Count | None = None

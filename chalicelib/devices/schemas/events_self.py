"""What every device may report of itself."""

from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, JsonValue, StringConstraints, model_validator

from chalicelib.devices.schemas.saying import Count, Name, Part, Ratio, Said, Sentence, example

MOST_SAMPLES = 500
"""Records of one pack."""

SENML_VERSION = 10
"""The version of RFC 8428; a pack of a later one is not understood."""

_VALUES = frozenset({"v", "vs", "vb", "vd"})


class Heartbeat(Said):
    """It works. Sent at least as often as its kind promises."""

    model_config = example(uptime_s=86_400, battery=0.82, rssi=-61, firmware="2.4.1")

    uptime_s: Count | None = None
    battery: Ratio | None = None
    rssi: Annotated[int, Field(ge=-200, le=50, description="dBm")] | None = None
    firmware: Name | None = None


class Started(Said):
    """It has started; `boot` of the event counts how often."""

    model_config = example(reason="power", firmware="2.4.1")

    reason: Literal["power", "watchdog", "command", "update", "other"] | None = None
    firmware: Name | None = None


class Fault(Said):
    """Something is broken; `device.restored` with the same code says that it is mended."""

    model_config = example(code="motor_blocked", severity="major", text="电机堵转")

    code: Name
    severity: Literal["minor", "major", "critical"] | None = None
    text: Sentence | None = None


class Restored(Said):
    """What was broken is mended."""

    model_config = example(code="motor_blocked")

    code: Name


Label = Annotated[str, StringConstraints(max_length=128)]
Unit = Annotated[str, StringConstraints(max_length=32)]

_ANY_VALUE: list[JsonValue] = [{"required": [name]} for name in sorted(_VALUES)]
_NO_VALUE: JsonValue = {"not": {"anyOf": _ANY_VALUE}}


class Sample(Part):
    """A SenML record (RFC 8428, 4); base fields hold on for those that follow.

    Names and units are judged by what the device's kind measures (`rules.telemetry`).
    """

    model_config = ConfigDict(json_schema_extra={"oneOf": [*_ANY_VALUE, _NO_VALUE]})

    bn: Label = ""
    bt: float = 0
    bu: Unit = ""
    bv: float = 0
    bs: float = 0
    bver: Annotated[int, Field(ge=1, le=SENML_VERSION)] = SENML_VERSION
    n: Label = ""
    u: Unit = ""
    v: float | None = None
    vs: Annotated[str, StringConstraints(max_length=1_024)] | None = None
    vb: bool | None = None
    vd: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]*$")] | None = None
    s: float | None = None
    t: float = 0
    ut: Annotated[float, Field(ge=0)] = 0

    @model_validator(mode="before")
    @classmethod
    def _nothing_that_must_be_understood(cls, given: Any) -> Any:
        """RFC 8428, 4.4: a name that ends in `_` may not be ignored."""
        if isinstance(given, dict) and (strange := [key for key in given if key.endswith("_")]):
            raise ValueError(f"fields that end in _ must be understood: {strange[0][:32]}")
        return given

    @model_validator(mode="after")
    def _one_value(self) -> Self:
        if len(self.model_fields_set & _VALUES) > 1:
            raise ValueError("a record has one of v, vs, vb, vd")
        return self


class Telemetry(Said):
    """Measurements as a SenML pack; names are the quantities of the device's kind."""

    model_config = example(
        senml=[
            {"bt": 1_795_248_000, "n": "temperature", "u": "Cel", "v": 21.5},
            {"n": "humidity", "u": "%RH", "v": 48},
        ]
    )

    senml: Annotated[list[Sample], Field(min_length=1, max_length=MOST_SAMPLES)]

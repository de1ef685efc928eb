"""How a vendor's device is attached: its adapter, its settings, a mapping for anybody's JSON."""

from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, ConfigDict, Field, JsonValue, RootModel, model_validator

from chalicelib.core.schema import Asked, Identifier, Shown

Path = Annotated[str, Field(max_length=300, pattern=r"^[^.]{1,64}(\.[^.]{1,64}){0,15}$")]
"""Where a value lies in a JSON message: `bizData.properties.0.value`."""

Word = Annotated[str, Field(min_length=1, max_length=64)]
Plain = bool | int | float | Annotated[str, Field(max_length=200)]
Finite = Annotated[float, Field(ge=-1e9, le=1e9, allow_inf_nan=False)]


_OPENED = {"path": "evt", "one_of": ["open", 1]}
_LID = {"path": "lid", "words": {"1": "kitchen", "2": "other"}}
_RULE = {"type": "bin.opened", "when": _OPENED, "data": {"category": _LID}}
_PERCENT = {"path": "percent", "factor": 0.01}
_MAPPING = {"time": "ts", "events": [_RULE], "readings": {"fullness": _PERCENT}}


def _example(example: Any) -> ConfigDict:
    """Return the configuration of a model whose example this is."""
    return ConfigDict(json_schema_extra={"examples": [example]})


class VendorCondition(Asked):
    """A condition: the value at a path is one of these, of the same type."""

    model_config = _example(_OPENED)

    path: Path
    one_of: Annotated[list[Plain], Field(min_length=1, max_length=50)]


class VendorValue(Asked):
    """Where a value comes from: a path (with words or a factor), or a constant.

    `words` translates the vendor's word; a number becomes number × factor + shift.
    """

    model_config = _example(_LID)

    path: Path | None = None
    constant: Plain | None = None
    words: Annotated[dict[Word, Plain], Field(max_length=100)] | None = None
    factor: Finite = 1.0
    shift: Finite = 0.0

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.path is None) == (self.constant is None):
            raise ValueError("a value has a path or a constant, and not both")
        return self


class VendorRule(Asked):
    """An event that a message tells if the condition holds."""

    model_config = _example(_RULE)

    type: str = Field(min_length=1, max_length=100, pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)+$")
    when: VendorCondition | None = None
    data: Annotated[dict[Word, VendorValue], Field(max_length=50)] = Field(default_factory=dict)


class VendorMapping(Asked):
    """How anybody's JSON is read; `each` leads to the list of messages in a body.

    Without `time` a message happens when it comes, and without `id` and `time` the same bytes
    count once in five seconds. `child` names the serial of a gateway's device.
    """

    model_config = _example(_MAPPING)

    each: Path | None = None
    id: Path | None = None
    time: Path | None = None
    counter: Path | None = None
    child: Path | None = None
    replayed: Path | None = None
    events: Annotated[list[VendorRule], Field(max_length=50)] = Field(default_factory=list)
    readings: Annotated[dict[Word, VendorValue], Field(max_length=100)] = Field(
        default_factory=dict
    )

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.events or self.readings):
            raise ValueError("a mapping has events or readings")
        return self


class VendorMeasure(Asked):
    """Which quantity of ours a vendor's name is: value × factor + shift in our unit."""

    model_config = _example({"quantity": "active_power", "factor": 0.1})

    quantity: Word
    factor: Finite = 1.0
    shift: Finite = 0.0


class AdapterSettings(Asked):
    """What an adapter must know of a device; each takes what it needs.

    `approach` is what a vehicle does that comes towards the camera. `secret` opens what the
    vendor's cloud encrypts; it is kept sealed, never shown, and stays if it is left out.
    `silence_s` is how many seconds the device may be silent while it works: many of them speak
    only when something happens.
    """

    model_config = _example({"mapping": _MAPPING})

    utc_offset: str = Field(default="+08:00", pattern=r"^[+-](0\d|1[0-4]):[0-5]\d$")
    approach: Literal["in", "out"] = "in"
    names: Annotated[dict[Word, VendorMeasure], Field(max_length=200)] = Field(default_factory=dict)
    secret: Annotated[str, Field(min_length=16, max_length=128)] | None = None
    mapping: VendorMapping | None = None
    silence_s: Annotated[int, Field(ge=60, le=7 * 86_400)] | None = None


class AdapterAsked(Asked):
    """By which adapter a device speaks, and how; `new_token` makes the old address void."""

    model_config = _example({"adapter": "mapper", "settings": {"mapping": _MAPPING}})

    adapter: Identifier
    settings: AdapterSettings = Field(default_factory=AdapterSettings)
    new_token: bool = False


class AttachedReply(Shown):
    """How a device is attached; `path` is where its vendor posts, shown when it is new."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "device_id": "heyuan-plate-1",
                    "adapter": "hikvision_anpr",
                    "path": "/device/adapters/hikvision_anpr/heyuan-plate-1/pWc1yQ3m0vR8tZ5kB2nX4g",
                    "has_secret": False,
                    "settings": {"utc_offset": "+08:00", "approach": "in", "names": {}},
                }
            ]
        }
    )

    device_id: str
    adapter: str
    path: str | None
    has_secret: bool
    settings: dict[str, Any]


class DetachedReply(Shown):
    """The device's vendor is not heard any more."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"device_id": "heyuan-plate-1"}]})

    device_id: str


class GapsReply(Shown):
    """Which of a device's counted events never came: ranges, both ends included."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "device_id": "heyuan-door-2",
                    "highest": 1042,
                    "missing": [[1017, 1019], [1033, 1033]],
                    "given_up": 0,
                    "counted_at": "2026-11-21T08:00:00Z",
                }
            ]
        }
    )

    device_id: str
    highest: int | None
    missing: list[tuple[int, int]]
    given_up: int
    counted_at: AwareDatetime | None


class TrialAsked(Asked):
    """A message of the vendor's, as text, to see what would become of it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"content_type": "application/json", "body": '{"kwh": 1.25}'}]
        }
    )

    content_type: Annotated[str, Field(max_length=200)] = "application/json"
    body: Annotated[str, Field(min_length=1, max_length=65_536)]


class TriedEvent(Shown):
    """One event that a message would become, and what would be wrong with it."""

    model_config = _example(
        {
            "device_id": "heyuan-bin-1",
            "type": "device.telemetry",
            "time": "2026-11-21T08:00:00Z",
            "data": {"senml": [{"n": "fullness", "u": "/", "v": 0.83}]},
            "replayed": False,
            "errors": [],
        }
    )

    device_id: str | None
    type: str
    time: AwareDatetime
    data: dict[str, Any]
    replayed: bool
    errors: list[dict[str, Any]]


_DROPPED: dict[str, JsonValue] = {
    "record": 0,
    "field": "bin.opened.category",
    "path": "lid",
    "why": "unknown_word",
    "said": "7",
}


class DroppedField(Shown):
    """What a mapping looks for in a record (from 0) and does not get; `said` stands there."""

    model_config = _example(_DROPPED)

    record: int
    field: str
    path: str
    why: Literal["absent", "condition_not_met", "no_value", "unknown_word"]
    said: str


class TrialReply(Shown):
    """The events that a message would become; nothing was written.

    `unsaid` are records that nobody can be said to say, `dropped` what a mapping did not find.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "events": [
                        {
                            "device_id": "heyuan-meter-1",
                            "type": "device.telemetry",
                            "time": "2026-11-21T08:00:00Z",
                            "data": {"senml": [{"n": "energy", "u": "Wh", "v": 1250.0}]},
                            "replayed": False,
                            "errors": [],
                        }
                    ],
                    "unsaid": [],
                    "dropped": [_DROPPED],
                }
            ]
        }
    )

    events: list[TriedEvent]
    unsaid: list[dict[str, Any]]
    dropped: list[DroppedField]


class VendorMessage(RootModel[Any]):
    """Whatever a vendor sends: its adapter knows (DEVICES: uplink of vendors)."""

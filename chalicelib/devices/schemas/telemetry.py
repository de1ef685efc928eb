"""What staff ask and see of what devices are like and measure."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from chalicelib.core.schema import Identifier, Moment, Page, Paging, Shown
from chalicelib.devices.rules.catalogue import Kind
from chalicelib.devices.rules.telemetry import Step

Quantity = Annotated[
    str,
    Field(
        min_length=1,
        max_length=64,
        pattern=r"^([1-9][0-9]?/)?[a-z][a-z0-9_]*$",
        description="a quantity of the kind, or of one of the device's parts: `2/active_power`",
        examples=["active_power"],
    ),
]


class SeriesQuery(Paging):
    """Which part of a series: `from` inclusive, `to` exclusive, raw samples or buckets."""

    limit: int = Field(default=100, ge=1, le=1_000)
    quantity: Quantity
    since: Moment = Field(alias="from", examples=["2026-11-21T00:00:00Z"])
    until: Moment = Field(alias="to", examples=["2026-11-21T01:00:00Z"])
    step: Step = Step.FIVE_MINUTES


class NewestQuery(Paging):
    """Whose newest values: of a kind of device, of what stands at a place, else of all."""

    quantity: Quantity
    kind: Kind | None = None
    place_id: Identifier | None = None


class LastEventShown(Shown):
    """The newest event of one type; `data` holds plain values that name nobody."""

    type: str = Field(examples=["bin.level"])
    event_id: str = Field(examples=["e_1"])
    occurred_at: Moment = Field(examples=["2026-11-21T00:00:00Z"])
    received_at: Moment = Field(examples=["2026-11-21T00:00:01Z"])
    data: dict[str, Any] = Field(examples=[{"fullness": 0.5}])


class ReadingShown(Shown):
    """The newest value of one quantity; its unit is SenML's (RFC 8428)."""

    quantity: str = Field(examples=["active_power"])
    unit: str = Field(examples=["W"])
    value: float = Field(examples=[2_300.0])
    at: Moment = Field(examples=["2026-11-21T08:00:00Z"])


class UnknownTypeShown(Shown):
    """Events of a type that nobody declared, of the last 30 days; at most 200 a day count."""

    type: str = Field(examples=["sprinkler.frozen"])
    count: int = Field(examples=[3])


class StateShown(Shown):
    """What a device is like now: the newest of all that it said, in whatever order it came.

    `seen_at` is when anything came last; `skew_ms` how far the device's clock is ahead of
    ours (behind, it may have kept the event for a while).
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "device_id": "heyuan-meter-01",
                    "kind": "meter",
                    "seen_at": "2026-11-21T08:00:01Z",
                    "skew_ms": -420,
                    "boot": 3,
                    "sequence": 17,
                    "events": [
                        {
                            "type": "device.telemetry",
                            "event_id": "e_17",
                            "occurred_at": "2026-11-21T08:00:00Z",
                            "received_at": "2026-11-21T08:00:01Z",
                            "data": {},
                        }
                    ],
                    "readings": [
                        {
                            "quantity": "active_power",
                            "unit": "W",
                            "value": 412.5,
                            "at": "2026-11-21T08:00:00Z",
                        }
                    ],
                    "unknown": [{"type": "meter.magnet", "count": 2}],
                }
            ]
        }
    )

    device_id: str
    kind: str
    seen_at: Moment | None
    skew_ms: int | None
    boot: int | None
    sequence: int | None
    events: list[LastEventShown]
    readings: list[ReadingShown]
    unknown: list[UnknownTypeShown]


class PointShown(Shown):
    """One bucket, from `at` on, or one sample (`n` is 1).

    `stamped_at` is the device's own time of a sample where its clock could not be believed. A
    `truncated` bucket holds more samples than the `n` that it sums up: the first of them.
    """

    at: Moment = Field(examples=["2026-11-21T08:00:00Z"])
    n: int = Field(examples=[60])
    sum: float = Field(examples=[138_000.0])
    min: float = Field(examples=[2_250.0])
    max: float = Field(examples=[2_350.0])
    last: float = Field(examples=[2_300.0])
    stamped_at: Moment | None = Field(examples=[None])
    truncated: bool = Field(examples=[False])


class SeriesPage(Page[PointShown]):
    """One page of a series in the order of time; it may be short before the last one."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "quantity": "active_power",
                    "unit": "W",
                    "step": "5m",
                    "items": [
                        {
                            "at": "2026-11-21T08:00:00Z",
                            "n": 5,
                            "sum": 2060.0,
                            "min": 400.0,
                            "max": 424.0,
                            "last": 412.5,
                            "stamped_at": None,
                            "truncated": False,
                        }
                    ],
                    "next": None,
                }
            ]
        }
    )

    quantity: str
    unit: str
    step: Step


class MeasuredShown(Shown):
    """The newest value that one device measured."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "device_id": "heyuan-meter-01",
                    "name": "1号楼总表",
                    "kind": "meter",
                    "place_id": "heyuan-1",
                    "quantity": "active_power",
                    "unit": "W",
                    "value": 412.5,
                    "at": "2026-11-21T08:00:00Z",
                }
            ]
        }
    )

    device_id: str
    name: str
    kind: str
    place_id: str
    quantity: str
    unit: str
    value: float
    at: Moment


class NewestPage(Page[MeasuredShown]):
    """One page of newest values; devices that never measured the quantity are left out."""

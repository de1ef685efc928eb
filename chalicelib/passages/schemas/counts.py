"""What is asked and seen of counts at gates."""

from datetime import datetime

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from chalicelib.core.schema import Asked, Identifier, Moment, Shown


class DayQuery(Asked):
    """The day that an instant is in, in China; without one, today."""

    day_of: Moment | None = None


class GateQuery(DayQuery):
    """All gates of a day; or those of one device's place, for up to 31 days."""

    device_id: Identifier | None = None
    since: Moment | None = None
    until: Moment | None = None


_HOUR: JsonDict = {
    "place_id": "heyuan-gate-01",
    "at": "2026-11-21T00:00:00Z",
    "people_in": 41,
    "people_out": 87,
    "people_unclear": 3,
    "people_net_since_midnight": -46,
    "vehicles_in": 0,
    "vehicles_out": 0,
    "vehicles_unclear": 0,
    "vehicles_net_since_midnight": 0,
    "refused": 1,
}


class HourReply(Shown):
    """What one hour of one gate comes to; it says nothing of anybody."""

    model_config = ConfigDict(json_schema_extra={"examples": [_HOUR]})

    place_id: str
    at: datetime = Field(description="when the hour begins")
    people_in: int
    people_out: int
    people_unclear: int = Field(description="nobody reported their direction")
    people_net_since_midnight: int = Field(
        description="in less out of this gate since midnight in China, no number of people "
        "inside; below 0 in the morning, and where people come in by another gate"
    )
    vehicles_in: int
    vehicles_out: int
    vehicles_unclear: int
    vehicles_net_since_midnight: int = Field(
        description="as of people; how many cars are inside is told by the car park"
    )
    refused: int


class HoursReply(Shown):
    """Hours of gates, in the order of time; an hour in which nothing passed is not there."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_HOUR]}]})

    items: list[HourReply]

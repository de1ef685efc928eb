"""What people send and see of car parks."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from chalicelib.core.schema import Asked, Identifier, Shown, Text

_PARK: dict[str, Any] = {
    "name": "地下车库",
    "spaces": 320,
    "guest_spaces": 20,
    "lanes": {"heyuan-garage-in": "in", "heyuan-garage-out": "out"},
}
Spaces = Annotated[int, Field(ge=0, le=100_000)]
Way = Literal["in", "out", "both"]


class ParkAsked(Asked):
    """A car park: its spaces, those that belong to nobody, and the lanes that lead to it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_PARK]})

    name: Text = Field(min_length=1, max_length=40, examples=["地下车库"])
    spaces: Spaces
    guest_spaces: Spaces = Field(description="of them, those that are no owner's")
    lanes: dict[Identifier, Way] = Field(
        max_length=40,
        examples=[{"heyuan-garage-in": "in"}],
        description="places of plate cameras, and which way each lane leads",
    )


class ParkReply(Shown):
    """A car park and what is inside; numbers are null where nobody counted the spaces."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "park_id": "park_01JCZ5",
                    **_PARK,
                    "inside": {"resident": 201, "visitor": 7, "other": 2, "emergency": 0},
                    "free": 110,
                    "free_for_guests": 11,
                }
            ]
        }
    )

    park_id: str
    name: str
    spaces: int | None
    guest_spaces: int | None
    lanes: dict[str, str]
    inside: dict[str, int]
    free: int | None
    free_for_guests: int | None


class ParkList(Shown):
    """All car parks of the estate."""

    items: list[ParkReply]


class FreeReply(Shown):
    """A car park's free spaces; null where nobody counted the spaces."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "park_id": "park_01JCZ5",
                    "name": "地下车库",
                    "spaces": 320,
                    "free": 110,
                    "guest_spaces": 20,
                    "free_for_guests": 11,
                }
            ]
        }
    )

    park_id: str
    name: str
    spaces: int | None
    free: int | None
    guest_spaces: int | None
    free_for_guests: int | None


class FreeList(Shown):
    """Free spaces of all car parks of the estate."""

    items: list[FreeReply]


_POLICY: dict[str, Any] = {
    "approve_plates": True,
    "approve_visits": False,
    "plates_per_flat": 3,
    "visits_per_month": 30,
    "longest_days": 30,
    "free_minutes": 30,
    "least_confidence": 0.7,
}


class PolicyAsked(Asked):
    """What the estate decides about registered cars."""

    model_config = ConfigDict(json_schema_extra={"examples": [_POLICY]})

    approve_plates: bool = Field(description="staff look at residents' plates first")
    approve_visits: bool = Field(description="staff look at visits first")
    plates_per_flat: int = Field(ge=0, le=20)
    visits_per_month: int = Field(ge=0, le=1_000, description="of a flat")
    longest_days: int = Field(ge=1, le=30, description="of one visit")
    free_minutes: int = Field(ge=0, le=1_440)
    least_confidence: float = Field(ge=0, le=1, description="below, a plate was not read")


class PolicyReply(Shown):
    """What the estate decided about registered cars."""

    model_config = ConfigDict(json_schema_extra={"examples": [_POLICY]})

    approve_plates: bool
    approve_visits: bool
    plates_per_flat: int
    visits_per_month: int
    longest_days: int
    free_minutes: int
    least_confidence: float

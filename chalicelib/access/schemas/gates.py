"""Being at a gate, the doors that somebody reaches, and what staff set of them."""

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field

from chalicelib.access.rules.gates import (
    EITHER,
    LEAST_RADIUS_M,
    MOST_RADIUS_M,
    RADIUS_M,
    Located,
    Near,
    Proof,
    Setting,
)
from chalicelib.core.schema import Asked, Page, Shown

Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]


class LocationAsked(Asked):
    """Where the phone says that it is (GCJ-02, as `wx.getLocation` of type gcj02 says)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"latitude": 30.2591, "longitude": 120.2193, "accuracy_m": 15}]
        }
    )

    latitude: Latitude = Field(examples=[30.2591])
    longitude: Longitude = Field(examples=[120.2193])
    accuracy_m: float = Field(ge=0, le=100_000, allow_inf_nan=False, examples=[15])


class NearAsked(Asked):
    """How somebody shows that they stand at the gate: its code of now, or where they are.

    A code is `LG1.<device id>.<step>.<tag>`, read off the gate's screen or heard by radio.
    A location is the phone's own word, and weaker: not every gate takes it.
    """

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"code": "LG1.heyuan-gate-01.59760000.0123456789abcdef"}]}
    )

    code: str = Field(default="", max_length=120)
    location: LocationAsked | None = None

    def as_shown(self) -> Near:
        """Return it as the rules take it."""
        said = self.location
        where = Located(said.latitude, said.longitude, said.accuracy_m) if said else None
        return Near(self.code, where)


class GateReply(Shown):
    """A door from the street to one of the caller's flats."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "device_id": "heyuan-gate-01",
                    "name": "1号门",
                    "kind": "gate",
                    "opens": True,
                    "online": True,
                    "unit_ids": ["heyuan-1-101"],
                }
            ]
        }
    )

    device_id: str
    name: str
    kind: str
    opens: bool = Field(description="false for a lift, which is called")
    online: bool | None = Field(description="null: it never said anything")
    unit_ids: list[str] = Field(description="the caller's flats that it serves")


class GateList(Shown):
    """The doors that the caller's flats reach, the outermost first."""

    items: list[GateReply]


class SettingAsked(Asked):
    """Where a gate stands (GCJ-02), how far around it counts, and which proofs suffice."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "latitude": 30.2591,
                    "longitude": 120.2193,
                    "radius_m": 100,
                    "suffices": ["code", "location"],
                }
            ]
        }
    )

    latitude: Latitude | None = Field(default=None, examples=[30.2591])
    longitude: Longitude | None = Field(default=None, examples=[120.2193])
    radius_m: int = Field(default=RADIUS_M, ge=LEAST_RADIUS_M, le=MOST_RADIUS_M)
    suffices: list[Proof] = Field(default=sorted(EITHER), min_length=1, max_length=2)

    def as_set(self) -> Setting:
        """Return it as the rules take it."""
        return Setting(self.latitude, self.longitude, self.radius_m, frozenset(self.suffices))


class DefaultAsked(Asked):
    """What holds for gates without a setting of their own; a place is a gate's own."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"radius_m": 100, "suffices": ["code"]}]}
    )

    radius_m: int = Field(default=RADIUS_M, ge=LEAST_RADIUS_M, le=MOST_RADIUS_M)
    suffices: list[Proof] = Field(default=sorted(EITHER), min_length=1, max_length=2)

    def as_set(self) -> Setting:
        """Return it as the rules take it."""
        return Setting(radius_m=self.radius_m, suffices=frozenset(self.suffices))


class SettingReply(Shown):
    """What staff set for a gate; for all of the estate if `device_id` is null."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "device_id": "heyuan-gate-01",
                    "latitude": 30.2591,
                    "longitude": 120.2193,
                    "radius_m": 100,
                    "suffices": ["code", "location"],
                    "set_by": "per_01JCZ5",
                    "set_at": "2026-11-21T08:00:00Z",
                }
            ]
        }
    )

    device_id: str | None
    latitude: float | None
    longitude: float | None
    radius_m: int
    suffices: list[Proof]
    set_by: str
    set_at: datetime


class SettingPage(Page[SettingReply]):
    """One page of settings."""

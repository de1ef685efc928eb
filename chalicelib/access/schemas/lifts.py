"""What residents ask and see of a lift."""

from datetime import datetime

from pydantic import ConfigDict, Field

from chalicelib.access.rules.lifts import LiftState
from chalicelib.core.schema import Asked, Identifier, Shown

LOWEST, HIGHEST = -9, 150


class LiftAsked(Asked):
    """A trip by lift: floors as its panel shows them, B1 is -1."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"unit_id": "heyuan-1-101", "from_floor": 1, "to_floor": 12}]
        }
    )

    unit_id: Identifier
    to_floor: int = Field(ge=LOWEST, le=HIGHEST)
    from_floor: int | None = Field(
        default=None, ge=LOWEST, le=HIGHEST, description="absent: the caller stands in the car"
    )


class LiftReply(Shown):
    """A call of a lift. `SENT` comes with 202: the lift has not answered within two seconds."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "device_id": "heyuan-lift-1",
                    "command_id": "cmd_01JCZ5",
                    "from_floor": 1,
                    "to_floor": 12,
                    "state": "COMING",
                    "expires_at": "2026-11-21T08:00:10Z",
                }
            ]
        }
    )

    device_id: str
    command_id: str
    from_floor: int | None
    to_floor: int
    state: LiftState
    expires_at: datetime = Field(description="after this the lift will not move for this call")

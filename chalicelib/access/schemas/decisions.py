"""What doors ask, and what they are told."""

from datetime import datetime
from typing import Literal

from pydantic import ConfigDict, Field

from chalicelib.access.rules.decisions import Direction, Method, Reason
from chalicelib.access.rules.passes import MOST_COMPANIONS
from chalicelib.core.schema import Asked, Identifier, Shown


class DecisionAsked(Asked):
    """Who stands at the door; `unit` goes with a PIN, and `door` is the number of the reader."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "request_id": "r-000017",
                    "method": "pin",
                    "shown": "20461187",
                    "unit": "heyuan-1-101",
                    "direction": "in",
                    "companions": 2,
                }
            ]
        }
    )

    request_id: Identifier
    method: Method
    shown: str = Field(min_length=1, max_length=200)
    unit: Identifier | None = None
    door: int = Field(default=0, ge=0, le=10_000)
    direction: Direction = Direction.IN
    companions: int = Field(default=0, ge=0, le=MOST_COMPANIONS)


class DecisionReply(Shown):
    """Whether the door opens; not later than `expires_at`, by our clock."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "decision_id": "dec_01JCZ5",
                    "decision": "allow",
                    "reason": "ok",
                    "holder": "pass_01JCZ5",
                    "floors": [1],
                    "expires_at": "2026-11-21T10:12:05Z",
                }
            ]
        }
    )

    decision_id: str
    decision: Literal["allow", "deny"]
    reason: Reason
    holder: str | None
    floors: list[int]
    expires_at: datetime

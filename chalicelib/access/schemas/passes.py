"""Visitors' passes as hosts and staff ask for and see them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, JsonValue

from chalicelib.access.rules.floors import HIGHEST, LOWEST, MOST
from chalicelib.access.rules.passes import (
    MOST_COMPANIONS,
    MOST_DOORS,
    MOST_USES,
    Approval,
    PassState,
)
from chalicelib.core.schema import Asked, Identifier, Moment, Page, Paging, Personal, Shown, Text

Floor = Annotated[int, Field(strict=True, ge=LOWEST, le=HIGHEST)]

_PASS: dict[str, JsonValue] = {
    "pass_id": "pass_01JCZ5",
    "unit_id": "heyuan-1-101",
    "state": "APPROVED",
    "starts": "2026-11-21T10:00:00Z",
    "ends": "2026-11-21T14:00:00Z",
    "zone": "Asia/Shanghai",
    "uses": 1,
    "uses_left": 1,
    "companions": 2,
    "made_at": "2026-11-21T08:00:00Z",
}


class PassAsked(Asked):
    """A pass for a visitor: when, how often, with how many, through which doors."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "unit_id": "heyuan-1-101",
                    "starts": "2026-11-21T18:00:00+08:00",
                    "ends": "2026-11-21T22:00:00+08:00",
                    "visitor": "王师傅",
                    "uses": 1,
                    "companions": 2,
                    "pin": True,
                }
            ]
        }
    )

    unit_id: Identifier
    starts: Moment
    ends: Moment = Field(description="not included; at most 30 days after `starts`")
    visitor: Text = Field(default="", max_length=40, description="what the host calls them")
    note: Text = Field(default="", max_length=200)
    uses: int = Field(default=1, strict=True, ge=1, le=MOST_USES, description="visits, not doors")
    companions: int = Field(default=0, strict=True, ge=0, le=MOST_COMPANIONS)
    doors: list[Identifier] | None = Field(
        default=None, min_length=1, max_length=MOST_DOORS, description="null: all that serve it"
    )
    floors: list[Floor] | None = Field(
        default=None, max_length=MOST, description="null: the flat's own and the public ones"
    )
    pin: bool = Field(default=False, description="an eight-digit PIN beside the code")


class PassReply(Shown):
    """A pass, to its host."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    **_PASS,
                    "visitor": "王师傅",
                    "note": "",
                    "doors": [],
                    "floors": [1],
                    "has_pin": True,
                    "reason": None,
                }
            ]
        }
    )

    pass_id: str
    unit_id: str
    state: PassState
    visitor: str
    note: str
    starts: datetime
    ends: datetime
    zone: str = Field(description="the time zone that its days are counted in")
    uses: int
    uses_left: int
    companions: int
    doors: list[str] = Field(description="empty: all that serve the flat")
    floors: list[int]
    has_pin: bool
    made_at: datetime
    reason: str | None = Field(description="why staff refused it")


class PassPage(Page[PassReply]):
    """One page of the caller's passes, the newest first."""


class ShareReply(Shown):
    """What the visitor's phone makes codes from. Whoever has it has the pass."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "pass_id": "pass_01JCZ5",
                    "token": "LS1.pass_01JCZ5.ONSWG4TFOQWW63ZAORUGKIDLMV",
                    "pin": "20461187",
                    "step_s": 30,
                }
            ]
        }
    )

    pass_id: str
    token: str
    pin: str | None = Field(description="to be entered with the flat; null without one")
    step_s: int = Field(description="how long a code is shown")


class UseReply(Shown):
    """One use of a pass."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "decision_id": "dec_01JCZ5",
                    "device_id": "heyuan-gate-01",
                    "at": "2026-11-21T10:12:00Z",
                    "direction": "in",
                    "companions": 2,
                    "method": "qr",
                    "edge": False,
                }
            ]
        }
    )

    decision_id: str
    device_id: str
    at: datetime
    direction: Literal["in", "out", "unknown"]
    companions: int
    method: str
    edge: bool = Field(description="decided by the door's own list, while it did not reach us")


class UsePage(Page[UseReply]):
    """One page of uses, the newest first."""


class PassesQuery(Paging):
    """A page of the passes in one state."""

    state: PassState = PassState.PENDING


class PassListedReply(Shown):
    """A pass in the list of staff, without names."""

    model_config = ConfigDict(json_schema_extra={"examples": [_PASS]})

    pass_id: str
    unit_id: str
    state: PassState
    starts: datetime
    ends: datetime
    zone: str
    uses: int
    uses_left: int
    companions: int
    made_at: datetime


class PassListedPage(Page[PassListedReply]):
    """One page of passes, the newest first; short where some are out of the caller's sight."""


class LookQuery(Asked):
    """Why a pass is looked at; both are needed (403 `ticket_required`)."""

    purpose: Text = Field(default="", max_length=200, examples=["访客核实"])
    ticket: Identifier | Literal[""] = Field(default="", examples=["WO-2026-0042"])


class UsesQuery(Paging, LookQuery):
    """A page of uses, and why they are looked at."""


class LookReply(Shown):
    """Who is let in by whom."""

    pass_id: str
    unit_id: str
    state: PassState
    host_id: Personal[str]
    visitor: Personal[str] = Field(examples=["王师傅"])
    note: Personal[str]
    view_id: str = Field(description="the look's own record, which the host can read")


class StaffUseReply(UseReply):
    """One use of a pass, as staff see it."""

    at: Personal[datetime]


class StaffUsePage(Page[StaffUseReply]):
    """One page of uses, the newest first."""


class RefusalAsked(Asked):
    """Why a pass is refused, or taken back; the host reads it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "当日有大型活动"}]})

    reason: Text = Field(min_length=1, max_length=200)


class RuleBody(Asked):
    """An estate's rule of passes; passes that are there keep the rule they were given under."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "approval": "none",
                    "approval_above": 5,
                    "passback_s": 300,
                    "public_floors": [-1, 1],
                }
            ]
        }
    )

    approval: Approval
    approval_above: int | None = Field(
        default=None, ge=0, le=MOST_COMPANIONS, description="companions above which staff agree"
    )
    passback_s: int = Field(
        default=300, strict=True, ge=0, le=86_400, description="0: no anti-passback"
    )
    public_floors: list[Floor] = Field(default=[1], max_length=MOST)


class RuleReply(Shown):
    """An estate's rule of passes."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "approval": "none",
                    "approval_above": 5,
                    "passback_s": 0,
                    "public_floors": [-1, 1],
                }
            ]
        }
    )

    approval: Approval
    approval_above: int | None
    passback_s: int
    public_floors: list[int]

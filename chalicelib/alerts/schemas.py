"""What staff see of alerts, and what they say of them."""

from datetime import datetime

from pydantic import Field

from chalicelib.alerts.rules.states import Judgement, Outcome, State
from chalicelib.core.schema import Asked, Page, Shown, Text


class AlertReply(Shown):
    """One incident: what, where, how sure, and how far it has come."""

    alert_id: str
    kind: str = Field(examples=["two_wheeler"])
    state: State
    outcome: Outcome | None
    camera_id: str
    place_id: str
    score: float = Field(ge=0, le=1, description="the median score that opened it")
    frames: list[str] = Field(description="ids of the device events that show it")
    opened_at: datetime
    hold_until: datetime | None = Field(description="until when the door may be held")
    closed_at: datetime | None
    verdict: Judgement | None
    judged_by: str | None
    note: str | None


class AlertPage(Page[AlertReply]):
    """One page of alerts, the newest first."""


class VerdictAsked(Asked):
    """A person's verdict on an alert; `false_positive` ends it and frees the door."""

    verdict: Judgement
    note: Text = Field(default="", max_length=500, examples=["婴儿车，不是电动车"])


class NotificationReply(Shown):
    """One thing that the property's staff were told."""

    notification_id: str
    topic: str = Field(examples=["alert_opened"])
    alert_id: str
    place_id: str
    text: str = Field(examples=["电梯内发现电动车，已暂停关门，请到场处置"])
    at: datetime


class NotificationPage(Page[NotificationReply]):
    """One page of notifications, the newest first."""

"""What staff see of alerts, and what they say of them."""

from datetime import datetime

from pydantic import ConfigDict, Field

from chalicelib.alerts.rules.states import Judgement, Outcome, State
from chalicelib.core.schema import Asked, Page, Shown, Text


class AlertReply(Shown):
    """One incident: what, where, how sure, and how far it has come."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "alert_id": "alert_01JCZ5",
                    "kind": "two_wheeler",
                    "state": "HOLDING",
                    "outcome": None,
                    "camera_id": "heyuan-lift-camera-1",
                    "place_id": "heyuan-lift-1",
                    "score": 0.93,
                    "frames": ["e_1", "e_2"],
                    "opened_at": "2026-11-21T08:00:00Z",
                    "hold_until": "2026-11-21T08:02:00Z",
                    "closed_at": None,
                    "verdict": None,
                    "judged_by": None,
                    "note": None,
                }
            ]
        }
    )

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

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"verdict": "false_positive", "note": "婴儿车，不是电动车"}]
        }
    )

    verdict: Judgement
    note: Text = Field(default="", max_length=500, examples=["婴儿车，不是电动车"])


class NotificationReply(Shown):
    """One thing that the property's staff were told."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "notification_id": "note_01JCZ5",
                    "topic": "alert_opened",
                    "alert_id": "alert_01JCZ5",
                    "place_id": "heyuan-lift-1",
                    "text": "电梯内发现电动车，已暂停关门，请到场处置",
                    "at": "2026-11-21T08:00:00Z",
                }
            ]
        }
    )

    notification_id: str
    topic: str = Field(examples=["alert_opened"])
    alert_id: str
    place_id: str
    text: str = Field(examples=["电梯内发现电动车，已暂停关门，请到场处置"])
    at: datetime


class NotificationPage(Page[NotificationReply]):
    """One page of notifications, the newest first."""

"""A lift with a camera and a controller, and frames as vision tells of them."""

import dataclasses
import json
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.alerts import public as alerts
from chalicelib.alerts.service import review
from chalicelib.alerts.tables import Alert, Notification
from chalicelib.core import clock, outbox
from chalicelib.core.auth import Caller
from chalicelib.devices import public as devices
from chalicelib.devices.events import CommandSettled
from chalicelib.devices.rules.catalogue import Kind
from chalicelib.vision.events import FrameExamined, Sighted

Sent = list[tuple[str, dict[str, Any]]]
WHOLE = (0.0, 0.0, 1.0, 1.0)


@dataclasses.dataclass
class Lift:
    community: str
    camera: str
    controller: str
    sent: Sent
    started: datetime

    def frame(self, sequence: int, score: float, **changed: Any) -> FrameExamined:
        """One frame a second; a person is in every one."""
        at = self.started + timedelta(seconds=sequence)
        seen = [Sighted("person", 0.9, WHOLE)]
        if score:
            seen.append(Sighted("two_wheeler", score, WHOLE))
        frame = FrameExamined(
            community_id=self.community,
            camera_id=self.camera,
            place_id="lift-1",
            event_id=f"{self.camera}-{sequence}",
            boot=1,
            sequence=sequence,
            occurred_at=at,
            received_at=at,
            live=True,
            objects=tuple(seen),
        )
        return dataclasses.replace(frame, **changed)

    def show(self, text: str, first: int = 0) -> None:
        """Let frames be heard: `h` with an e-bike, `.` without."""
        for frame in self.frames(text, first):
            alerts.hear_frame(frame, at=frame.received_at)

    def frames(self, text: str, first: int = 0) -> list[FrameExamined]:
        marks = enumerate(text, start=first)
        return [self.frame(number, 0.9 if mark == "h" else 0.0) for number, mark in marks]

    def at(self, seconds: float) -> datetime:
        return self.started + timedelta(seconds=seconds)

    def settled(self, alert: Alert, state: str, reason: str = "", op: str = "lift.hold") -> None:
        alerts.hear_settled(
            CommandSettled(
                community_id=self.community,
                device_id=self.controller,
                command_id="cmd_1",
                op=op,
                state=state,
                reason=reason,
                cause_id=alert.alert_id,
                settled_at=self.at(1),
            ),
            at=self.at(1),
        )

    @property
    def alerts(self) -> list[Alert]:
        """The community's alerts in the order of their opening."""
        return sorted(Alert.query(self.community, consistent_read=True), key=lambda a: a.alert_id)

    @property
    def told(self) -> list[str]:
        """The topics of the community's notifications, the oldest first."""
        return [row.topic for row in Notification.query(self.community, consistent_read=True)]

    @property
    def ops(self) -> list[str]:
        """What the lift was told, in order."""
        return [
            json.loads(message["p"])["op"]
            for topic, message in self.sent
            if f"/{self.controller}/" in topic
        ]

    @property
    def announced(self) -> list[str]:
        """The names of the community's committed events, in order; not of its furnishing."""
        rows = [row for row in outbox.OutboxRow.scan() if row.community_id == self.community]
        names = [row.name for row in sorted(rows, key=lambda row: row.event_id)]
        return [name for name in names if name != "devices.DeviceEnrolled"]

    def guard(self, subject: str = "grd_1") -> Caller:
        return Caller(subject, self.community, "property", ("guard",), 2**40)

    def view(self, alert: Alert) -> review.AlertView:
        return review.alert(self.community, alert.alert_id)


@pytest.fixture
def make_lift(cloud: None, community: str, sent: Sent) -> Callable[..., Lift]:
    def make(*, controller: bool = True) -> Lift:
        enrolled = ""
        if controller:
            enrolled = devices.enrol(
                community, Kind.LIFT_CONTROLLER, place_id="lift-1", name="一号梯"
            ).device_id
        return Lift(community, f"cam_{uuid.uuid4().hex[:8]}", enrolled, sent, clock.now())

    return make


@pytest.fixture
def lift(make_lift: Callable[..., Lift]) -> Lift:
    return make_lift()

"""What one decision about alerts changes, gathered and then committed as one."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chalicelib.alerts.events import AlertClosed, AlertOpened
from chalicelib.alerts.rules.states import HELD, HOLD_MAX, Outcome, State
from chalicelib.alerts.tables import NOTIFICATIONS_KEPT_S, Alert, Notification
from chalicelib.core import clock, ids, outbox
from chalicelib.core.errors import Refusal
from chalicelib.core.logs import logger
from chalicelib.core.table import Row, shard_of
from chalicelib.devices import public as devices

HELD_TEXT = "电梯内发现电动车，已暂停关门，请到场处置"
TEXTS = {
    "alert_opened": "电梯内发现电动车，请到场处置",
    "guard_sent": "电梯内电动车超时未移出，电梯已放行，请立即派人到场",
    "hold_failed": "电梯内发现电动车，电梯未能暂停关门，请立即派人到场",
}
"""What staff read, by topic."""


@dataclass
class Effects:
    """Rows, events and commands of one decision at one instant; nothing happens before `commit`."""

    at: datetime
    rows: dict[int, Row] = field(default_factory=dict)
    events: list[Any] = field(default_factory=list)
    commands: list[Any] = field(default_factory=list)

    def commit(self, answer: Any = None) -> None:
        """Write everything in one transaction, then send the commands; raises Conflict."""
        outbox.commit(*self.rows.values(), *self.commands, events=self.events, answer=answer)
        for command in self.commands:
            devices.dispatch(command)

    def save(self, row: Row) -> None:
        """Have a row written."""
        self.rows[id(row)] = row

    def open(self, alert: Alert, *, hold: bool) -> None:
        """Open an alert: hold the door if that is possible, tell the staff, announce it."""
        alert.due_at = clock.epoch_ms(self.at + HOLD_MAX)
        alert.shard = shard_of("alert", alert.alert_id)
        held = hold and self._command(alert, "lift.hold")
        if held:
            alert.advance(State.HOLDING)
            alert.hold_until = alert.due_at
        self.save(alert)
        self.notify(alert, "alert_opened", HELD_TEXT if held else "")
        self.announce(alert, held=held)

    def announce(self, alert: Alert, *, held: bool) -> None:
        """Say that an alert was opened."""
        self.events.append(
            AlertOpened(
                community_id=alert.community_id,
                alert_id=alert.alert_id,
                kind=alert.kind,
                camera_id=alert.camera_id,
                place_id=alert.place_id,
                score=float(alert.score),
                held=held,
                opened_at=clock.from_epoch_ms(int(alert.opened_at)),
            )
        )

    def close(self, alert: Alert, state: State, outcome: Outcome, *, release: bool = True) -> None:
        """End an alert with its outcome; a door that may be held is released."""
        if release:
            self.release(alert)
        alert.advance(state)
        alert.outcome, alert.closed_at = outcome.value, clock.epoch_ms(self.at)
        self.save(alert)
        self.events.append(
            AlertClosed(
                community_id=alert.community_id,
                alert_id=alert.alert_id,
                kind=alert.kind,
                camera_id=alert.camera_id,
                place_id=alert.place_id,
                state=alert.state,
                outcome=outcome.value,
                closed_at=self.at,
            )
        )

    def send_guard(self, alert: Alert, topic: str) -> None:
        """Let an alert time out: free the door and call a person."""
        self.release(alert)
        alert.advance(State.TIMEOUT, State.GUARD_SENT)
        alert.shard = alert.due_at = None
        self.save(alert)
        self.notify(alert, topic)

    def release(self, alert: Alert) -> None:
        """Release the door if this alert may be holding it."""
        if State(alert.state) in HELD:
            self._command(alert, "lift.release")

    def notify(self, alert: Alert, topic: str, text: str = "") -> None:
        """Record what the staff are told: this text, or the topic's own."""
        self.save(
            Notification(
                community_id=alert.community_id,
                notification_id=ids.new_id("note"),
                topic=topic,
                alert_id=alert.alert_id,
                place_id=alert.place_id,
                text=text or TEXTS[topic],
                at=clock.epoch_ms(self.at),
                expires=int(self.at.timestamp()) + NOTIFICATIONS_KEPT_S,
            )
        )

    def _command(self, alert: Alert, op: str) -> bool:
        """Prepare a command to the lift; one that cannot be given leaves the door alone."""
        controller = alert.controller_id
        if not controller:
            return False
        args = {"max_s": int(HOLD_MAX.total_seconds())} if op == "lift.hold" else {}
        try:
            command = devices.prepare(
                alert.community_id,
                controller,
                op,
                args,
                command_id=ids.derived("cmd", alert.alert_id, op),
                cause=devices.Cause(alert.alert_id, "alerts"),
            )
        except Refusal as refusal:
            logger().warning("no command", extra={"alert": alert.alert_id, "code": refusal.code})
            return False
        self.commands.append(command)
        return True

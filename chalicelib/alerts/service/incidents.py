"""Incidents: frames open and clear them, the lift answers, the clock runs out."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from chalicelib.alerts.rules import frames
from chalicelib.alerts.rules.frames import E_BIKE_IN_LIFT, Frame, Policy, Turn, Watched
from chalicelib.alerts.rules.states import (
    HELD,
    OVERRIDES,
    Outcome,
    State,
    ending,
    may_follow,
    may_hold,
)
from chalicelib.alerts.service.effects import Effects
from chalicelib.alerts.tables import ALERTS_KEPT_S, Alert, Watch
from chalicelib.core import clock, ids, sweep
from chalicelib.core.errors import Conflict
from chalicelib.devices import public as devices
from chalicelib.devices.events import CommandSettled
from chalicelib.vision.events import FrameExamined

TRIES = 6
"""How often a decision is taken anew that another frame of the same camera overtook."""


def hear_frame(event: FrameExamined, *, at: datetime | None = None) -> None:
    """Let a frame open or clear an incident, in one transaction with all that follows.

    Repeated frames change nothing, and frames in another order end in the same state. A
    late frame (`live` false) is history. One read and one write while nothing happens.
    """
    if event.live:
        _patiently(lambda: _hear(event, E_BIKE_IN_LIFT, at or clock.now()))


def hear_settled(event: CommandSettled, *, at: datetime | None = None) -> None:
    """Take in how the lift answered an order to hold.

    Done: the people inside are being warned. Refused for something that outranks us (fire
    mode): overridden. Anything else: nobody holds the door, so a person is called.
    """
    if event.op == "lift.hold":
        _patiently(lambda: _answer(event, at or clock.now()))


def expire_holds(*, at: datetime | None = None, limit: int = 100) -> int:
    """End every hold whose time is up: release the door, call a guard; return how many."""
    at = at or clock.now()
    return sweep.each(list(Alert.overdue(at, limit)), lambda key: _expire(*key, at))


def _patiently(decide: Callable[[], None]) -> None:
    for left in reversed(range(TRIES)):
        try:
            return decide()
        except Conflict:
            if not left:
                raise
    return None


def _hear(event: FrameExamined, policy: Policy, at: datetime) -> None:
    watch = Watch.of(event.community_id, event.camera_id, policy.kind)
    before = watch.watched()
    watched, lost = frames.heard(before, _frame(event, policy, at), policy)
    if watched == before:
        return
    watched, turns = frames.turns(watched, policy, at)
    effects = Effects(at)
    current = _current(watch) if lost or turns else None
    if lost:
        _end(current, effects, Outcome.LOST)
        current = None
    for number, turn in enumerate(turns, start=1):
        if turn.opened:
            current = _alert(event, watched, turn, policy)
            hold = number == len(turns) and may_hold(event.received_at, at)
            effects.open(current, hold=hold)
        else:
            _end(current, effects, Outcome.CLEARED)
            current = None
    if lost or turns:
        watch.alert_id = current.alert_id if current else None
    watch.keep(watched, at)
    effects.save(watch)
    effects.commit()


def _frame(event: FrameExamined, policy: Policy, at: datetime) -> Frame:
    scores = [one.score for one in event.objects if one.kind == policy.kind]
    return Frame(
        boot=event.boot,
        sequence=event.sequence,
        event_id=event.event_id,
        score=max(scores, default=0.0),
        occurred_at=event.occurred_at,
        received_at=event.received_at,
        heard_at=at,
    )


def _current(watch: Watch) -> Alert | None:
    return Alert.find(watch.community_id, watch.alert_id) if watch.alert_id else None


def _end(alert: Alert | None, effects: Effects, outcome: Outcome) -> None:
    """End an alert, unless a person or the clock has ended it before."""
    if alert is not None and (end := ending(State(alert.state))):
        effects.close(alert, end, outcome)


def _alert(event: FrameExamined, watched: Watched, turn: Turn, policy: Policy) -> Alert:
    shown = [
        frame.event_id
        for frame in watched.frames
        if frame.position <= turn.frame.position and frame.score >= policy.min_score
    ]
    opened_at = turn.frame.received_at
    return Alert(
        community_id=event.community_id,
        alert_id=ids.new_id("alert"),
        kind=policy.kind,
        state=State.DETECTED.value,
        camera_id=event.camera_id,
        place_id=event.place_id,
        score=turn.score,
        frames=shown[-policy.of :],
        opened_at=clock.epoch_ms(opened_at),
        controller_id=devices.device_at(
            event.community_id, event.place_id, devices.Kind.LIFT_CONTROLLER
        ),
        expires=int(opened_at.timestamp()) + ALERTS_KEPT_S,
    )


def _answer(event: CommandSettled, at: datetime) -> None:
    alert = Alert.find(event.community_id, event.cause_id)
    if alert is None or State(alert.state) not in HELD:
        return
    effects = Effects(at)
    if event.state == "DONE":
        if not may_follow(State(alert.state), State.WARNED):
            return
        alert.advance(State.WARNED)
        effects.save(alert)
    elif event.reason in OVERRIDES:
        effects.close(alert, State.OVERRIDDEN, Outcome.OVERRIDDEN, release=False)
    else:
        effects.send_guard(alert, "hold_failed")
    effects.commit()


def _expire(community_id: str, alert_id: str, at: datetime) -> bool:
    alert = Alert.find(community_id, alert_id)
    if alert is None or not may_follow(State(alert.state), State.TIMEOUT):
        return False
    effects = Effects(at)
    if not _cleared_meanwhile(alert, effects):
        effects.send_guard(alert, "guard_sent")
    effects.commit()
    return True


def _cleared_meanwhile(alert: Alert, effects: Effects) -> bool:
    """Judge the frames once more: those that were waited for are by now lost."""
    watch = Watch.of(alert.community_id, alert.camera_id, alert.kind)
    if watch.alert_id != alert.alert_id:
        return False
    watched = watch.watched()
    found = frames.verdict(
        watched.frames, E_BIKE_IN_LIFT, after=watched.mark, holding=True, at=effects.at
    )
    if found.cleared is None:
        return False
    _end(alert, effects, Outcome.CLEARED)
    watch.keep(replace(watched, mark=found.cleared.position, holding=False), effects.at)
    watch.alert_id = None
    effects.save(watch)
    return True

"""Staff read alerts and notifications, and say whether an alert was right."""

from dataclasses import dataclass
from datetime import datetime

from chalicelib.alerts.rules.states import Judgement, Outcome, State, judged
from chalicelib.alerts.service.effects import Effects
from chalicelib.alerts.tables import Alert, Notification
from chalicelib.core import clock, cursor
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Conflict, NotFound

OUTCOMES = {State.CLOSED: Outcome.HANDLED, State.FALSE_POSITIVE: Outcome.FALSE_POSITIVE}


@dataclass(frozen=True)
class AlertView:
    """An alert as staff see it."""

    alert_id: str
    kind: str
    state: State
    outcome: Outcome | None
    camera_id: str
    place_id: str
    score: float
    frames: list[str]
    opened_at: datetime
    hold_until: datetime | None
    closed_at: datetime | None
    verdict: Judgement | None
    judged_by: str | None
    note: str | None


@dataclass(frozen=True)
class NotificationView:
    """A notification as staff see it."""

    notification_id: str
    topic: str
    alert_id: str
    place_id: str
    text: str
    at: datetime


@dataclass(frozen=True)
class Alerts:
    """One page of alerts."""

    items: list[AlertView]
    next: str | None


@dataclass(frozen=True)
class Notifications:
    """One page of notifications."""

    items: list[NotificationView]
    next: str | None


def alerts(community_id: str, *, limit: int, after: str | None) -> Alerts:
    """Return one page of a community's alerts, the newest first; one read."""
    name = f"alerts/{community_id}"
    rows, following = cursor.page(
        Alert.by_opening.query,
        community_id,
        scan_index_forward=False,
        listing=name,
        limit=limit,
        after=after,
    )
    items = [_view(row) for row in rows if row.is_live()]
    return Alerts(items, following)


def alert(community_id: str, alert_id: str) -> AlertView:
    """Return one alert; another community's counts as none (404 `no_such_alert`)."""
    return _view(_found(community_id, alert_id))


def notifications(community_id: str, *, limit: int, after: str | None) -> Notifications:
    """Return one page of what a community's staff were told, the newest first; one read."""
    name = f"notifications/{community_id}"
    rows, following = cursor.page(
        Notification.query,
        community_id,
        scan_index_forward=False,
        listing=name,
        limit=limit,
        after=after,
    )
    items = [
        NotificationView(
            notification_id=row.notification_id,
            topic=row.topic,
            alert_id=row.alert_id,
            place_id=row.place_id,
            text=row.text,
            at=clock.from_epoch_ms(int(row.at)),
        )
        for row in rows
        if row.is_live()
    ]
    return Notifications(items, following)


def judge(
    caller: Caller,
    alert_id: str,
    judgement: Judgement,
    note: str,
    *,
    at: datetime | None = None,
) -> AlertView:
    """Keep a person's verdict on an alert; a false one ends it and frees the door.

    The first verdict stands: repeated it is answered again, or ends what a guard was sent
    meanwhile; another is a Conflict (`already_judged`). Raises NotFound `no_such_alert`,
    Conflict `lost_race`.
    """
    row = _found(caller.community_id, alert_id)
    end = judged(State(row.state), judgement)
    if row.judgement == judgement and end is None:
        return _view(row)
    if row.judgement not in (None, judgement):
        raise Conflict("already_judged", "该告警已有结论", details={"verdict": row.judgement})
    effects = Effects(at or clock.now())
    row.judgement, row.judged_by, row.note = judgement.value, caller.subject_id, note or row.note
    if end is not None:
        effects.close(row, end, OUTCOMES[end])
    effects.save(row)
    view = _view(row)
    effects.commit(answer=view)
    return view


def _found(community_id: str, alert_id: str) -> Alert:
    row = Alert.find(community_id, alert_id)
    if row is None:
        raise NotFound("no_such_alert", "没有找到该告警")
    return row


def _view(row: Alert) -> AlertView:
    return AlertView(
        alert_id=row.alert_id,
        kind=row.kind,
        state=State(row.state),
        outcome=Outcome(row.outcome) if row.outcome else None,
        camera_id=row.camera_id,
        place_id=row.place_id,
        score=float(row.score),
        frames=list(row.frames),
        opened_at=clock.from_epoch_ms(int(row.opened_at)),
        hold_until=clock.maybe_from_epoch_ms(row.hold_until),
        closed_at=clock.maybe_from_epoch_ms(row.closed_at),
        verdict=Judgement(row.judgement) if row.judgement else None,
        judged_by=row.judged_by,
        note=row.note,
    )

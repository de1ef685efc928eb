"""The record of administrators' acts: written with the act itself, read by the audit duty."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Final

from chalicelib.core import clock, cursor, ids
from chalicelib.core.auth import Caller
from chalicelib.core.retention import Kept, kept_until
from chalicelib.core.table import tenant_key
from chalicelib.identity.rules.acts import Act
from chalicelib.identity.tables.acts import AdminAct

BEIJING: Final = timezone(timedelta(hours=8))


@dataclass(frozen=True)
class ActView:
    """One act, as the audit duty reads it."""

    act_id: str
    act: Act
    actor_id: str
    roles: list[str]
    node_path: str
    login: str | None
    subject_id: str | None
    role: str | None
    org_id: str | None
    at: datetime


@dataclass(frozen=True)
class Acts:
    """One page of a day's acts, the newest first."""

    items: list[ActView]
    next: str | None


def of(
    caller: Caller,
    act: Act,
    node_path: str,
    *,
    login: str | None = None,
    subject_id: str | None = None,
    role: str | None = None,
    org_id: str = "",
) -> AdminAct:
    """Return the row of what the caller does now, to be committed with it."""
    at = clock.now()
    return AdminAct(
        day_key=_day_key(node_path, at.astimezone(BEIJING).date()),
        act_id=ids.new_id("act"),
        act=act.value,
        actor_id=caller.subject_id,
        roles=list(caller.roles),
        node_path=node_path,
        login=login,
        subject_id=subject_id,
        role=role,
        org_id=org_id or None,
        at=clock.epoch_ms(at),
        expires=kept_until(Kept.ADMIN_ACT, at),
    )


def on(caller: Caller, day: date | None, *, limit: int, after: str | None) -> Acts:
    """Return one page of a day's acts (in Beijing; today) in the caller's subtree; one read."""
    key = _day_key(caller.node_path, day or clock.now().astimezone(BEIJING).date())
    listing = f"acts/{key}/{caller.node_path}"
    rows, following = cursor.page(
        AdminAct.query,
        key,
        filter_condition=AdminAct.expires > int(clock.now().timestamp()),
        scan_index_forward=False,
        listing=listing,
        limit=limit,
        after=after,
    )
    items = [_view(row) for row in rows if caller.sees(row.node_path)]
    return Acts(items, following)


def _day_key(node_path: str, day: date) -> str:
    return tenant_key(node_path.partition("/")[0], day.isoformat())


def _view(row: AdminAct) -> ActView:
    return ActView(
        act_id=row.act_id,
        act=Act(row.act),
        actor_id=row.actor_id,
        roles=list(row.roles),
        node_path=row.node_path,
        login=row.login,
        subject_id=row.subject_id,
        role=row.role,
        org_id=row.org_id,
        at=clock.from_epoch_ms(int(row.at)),
    )

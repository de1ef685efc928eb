"""The use case of giving a pass: what a host may let whom do, and for how long."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from chalicelib.access.events import PassGiven
from chalicelib.access.rules import floors, qr
from chalicelib.access.rules import passes as rules
from chalicelib.access.rules.passes import Held, PassState, Rule, Window
from chalicelib.access.service import allow_lists, pass_rules, pass_secrets, pins
from chalicelib.access.service.passes import Receipt
from chalicelib.access.tables.passes import FlatPasses, PassRow
from chalicelib.access.tables.pins import FlatPins
from chalicelib.core import clock, ids, sealing
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Conflict, NotFound, Unprocessable
from chalicelib.core.retention import Kept, kept_until
from chalicelib.core.table import Row, shard_of, tenant_key
from chalicelib.devices import public as devices
from chalicelib.identity import public as identity

TRIES: Final = 4
"""How often a pass is made anew that met another of the same flat, or a PIN that is taken."""

_REFUSALS: Final = {
    "window_backwards": "结束时间必须晚于开始时间",
    "window_over": "有效期已经结束",
    "window_too_long": "有效期最长30天",
    "window_too_far": "开始时间不能晚于90天以后",
    "overlapping_pass": "该访客在这段时间内已有通行证",
    "too_many_passes": "该房屋的有效通行证过多，请先撤销一些",
    "door_not_yours": "所选的门不通往您的房屋",
    "floor_not_yours": "所选的楼层不在您的房屋可授权范围内",
}


@dataclass(frozen=True)
class Wish:
    """What a host asks for; `doors` and `floors` None: all that serve the flat."""

    unit_id: str
    window: Window
    visitor: str = ""
    note: str = ""
    uses: int = 1
    companions: int = 0
    doors: tuple[str, ...] | None = None
    floors: tuple[int, ...] | None = None
    pin: bool = False


def give(caller: Caller, wish: Wish, *, at: datetime | None = None) -> Receipt:
    """Give a visitor a pass for one of the caller's flats.

    It opens at once, unless the estate wants to be asked. Raises NotFound `no_such_unit` for a
    flat that the caller does not speak for; Unprocessable `window_backwards`, `window_over`,
    `window_too_long`, `window_too_far`, `overlapping_pass`, `too_many_passes`,
    `too_many_pins`, `door_not_yours`, `floor_not_yours`.
    """
    at = at or clock.now()
    _refuse(rules.window_refusal(wish.window, at))
    if caller.subject_id not in identity.answerers(caller.community_id, wish.unit_id):
        raise _no_such_unit()
    home = identity.home_at(caller.community_id, wish.unit_id)
    rule = pass_rules.of(caller.community_id)
    _refuse(_doors_refusal(caller.community_id, home.path, wish.doors or ()))
    may = floors.granted(home.room, rule.public_floors)
    wanted = may if wish.floors is None else wish.floors
    _refuse(floors.refusal(wanted, may))
    key = sealing.key_of(caller.community_id, caller.subject_id)
    making = _Making(caller, wish, home, rule=rule, granted=tuple(wanted), at=at)
    for attempt in range(TRIES):
        try:
            return making.commit(key)
        except Conflict as raced:
            speaks = caller.subject_id in identity.answerers(caller.community_id, wish.unit_id)
            if not speaks:
                raise _no_such_unit() from raced
            if attempt == TRIES - 1:
                raise
    raise AssertionError("the last attempt returns or raises")


class _Making:
    """One pass in the making; each try draws a secret of its own."""

    def __init__(
        self,
        caller: Caller,
        wish: Wish,
        home: identity.Home,
        *,
        rule: Rule,
        granted: tuple[int, ...],
        at: datetime,
    ) -> None:
        self.caller, self.wish, self.home = caller, wish, home
        self.rule, self.floors, self.at = rule, granted, at

    def commit(self, key: sealing.PersonKey) -> Receipt:
        """Make and save the pass; raises Conflict if another came first."""
        row, pin = self._row(key)
        receipt = Receipt(row.community_id, row.host_id, row.pass_id)
        given = PassGiven(
            community_id=row.community_id,
            pass_id=row.pass_id,
            unit_id=row.unit_id,
            host_id=row.host_id,
            state=row.state,
            starts=row.window.starts,
            ends=row.window.ends,
            companions=int(row.companions),
            given_at=self.at,
        )
        speaks = identity.speaks_for(row.community_id, row.unit_id, row.host_id)
        allow_lists.commit(
            row.community_id,
            listed(row) if row.state == PassState.APPROVED else (),
            row,
            self._held(row),
            *pin,
            events=(given,),
            given=(speaks,),
            answer=receipt,
        )
        return receipt

    def _row(self, key: sealing.PersonKey) -> tuple[PassRow, list[FlatPins]]:
        wish, community_id = self.wish, self.caller.community_id
        secret = secrets.token_bytes(qr.SECRET_BYTES)
        claimed: list[FlatPins] = []
        pass_id = ids.new_id("pass")
        if wish.pin:
            pin, ends = pins.pin_of(secret), wish.window.ends
            pass_id = pins.pass_id_of(community_id, wish.unit_id, pin)
            claimed = [pins.claim(community_id, wish.unit_id, pass_id, pin, ends=ends, at=self.at)]
        row = self._made(pass_id, secret)
        row.visitor = pass_secrets.seal_text(row, "visitor", wish.visitor, key)
        row.note = pass_secrets.seal_text(row, "note", wish.note, key)
        return row, claimed

    def _made(self, pass_id: str, secret: bytes) -> PassRow:
        wish, community_id = self.wish, self.caller.community_id
        pass_key = tenant_key(community_id, pass_id)
        ends = clock.epoch_ms(wish.window.ends)
        row = PassRow(
            pass_key=pass_key,
            pass_id=pass_id,
            community_id=community_id,
            unit_id=wish.unit_id,
            unit_path=self.home.path,
            host_id=self.caller.subject_id,
            host_key=tenant_key(community_id, self.caller.subject_id),
            starts=clock.epoch_ms(wish.window.starts),
            ends=ends,
            zone=self.home.zone,
            uses=wish.uses,
            uses_left=wish.uses,
            companions=wish.companions,
            passback_s=self.rule.passback_s,
            doors=list(wish.doors or ()),
            floors=list(self.floors),
            secret=pass_secrets.sealed(pass_key, secret),
            has_pin=wish.pin,
            made_at=clock.epoch_ms(self.at),
            shard=shard_of("pass", pass_id),
            due_at=ends,
            expires=kept_until(Kept.PASSAGE, wish.window.ends),
        )
        row.stand(rules.first_state(self.rule, wish.companions))
        return row

    def _held(self, row: PassRow) -> Row:
        """Return the flat's row with this pass in it; raises Unprocessable for one too many."""
        key = tenant_key(row.community_id, row.unit_id)
        flat = FlatPasses.find(key) or FlatPasses(
            flat_key=key, community_id=row.community_id, held=[]
        )
        live, said = flat.live(self.at), self.wish.visitor
        visitor = sealing.index(f"visitor/{row.community_id}", said) if said else ""
        _refuse(rules.holding_refusal(live, self.wish.window, visitor, self.at))
        flat.keep([*live, Held(row.pass_id, self.wish.window, visitor)])
        return flat


def listed(row: PassRow) -> list[allow_lists.Change]:
    """Return the entry of a pass that has begun to open, for the doors' lists.

    Of one that is spent: while its last visitor is in, the doors further in than the one by
    which they came keep its uses, for they belong to the same visit.
    """
    entry = pass_secrets.entry_of(row, uses=int(row.uses_left))
    is_in = row.state == PassState.SPENT and row.visit.since is not None
    inside = allow_lists.Inside(row.visit.entry, int(row.uses)) if is_in else None
    return [allow_lists.Put(entry, row.unit_path, tuple(row.doors), inside)]


def _doors_refusal(community_id: str, unit_path: str, wanted: Sequence[str]) -> str | None:
    """Return why these doors are not for this flat's visitors, or None; no read for none."""
    if not wanted:
        return None
    reached = {door.device_id for door in devices.doors_at(community_id, [unit_path])}
    return None if set(wanted) <= reached else "door_not_yours"


def _refuse(reason: str | None) -> None:
    if reason:
        raise Unprocessable(reason, _REFUSALS[reason])


def _no_such_unit() -> NotFound:
    return NotFound("no_such_unit", "没有找到该房屋")

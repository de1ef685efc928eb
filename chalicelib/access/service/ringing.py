"""Use cases of a visitor's own phone at a gate: it rings a flat and learns nothing of it."""

import random
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from chalicelib.access.events import CallRung
from chalicelib.access.rules import calls as states
from chalicelib.access.rules import ringing as rules
from chalicelib.access.rules.calls import CallState
from chalicelib.access.rules.gates import Near
from chalicelib.access.service import gates, visitors
from chalicelib.access.service.calls import mine
from chalicelib.access.tables.calls import CallRow
from chalicelib.access.tables.ringing import RingBlock, RingTimes, block_key
from chalicelib.core import clock, cursor, ids, media, outbox
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Conflict, NotFound, TooMany, Unprocessable
from chalicelib.core.reading import Wish, at_once
from chalicelib.core.retention import Kept, kept_until
from chalicelib.core.table import shard_of, tenant_key
from chalicelib.devices import public as devices
from chalicelib.identity import public as identity

TRIES: Final = 4
"""How often a ring is made anew that met another one of the same flat."""

KEPT_FOR: Final = timedelta(days=1)
"""How long it is kept when phones rang a flat; only its last ten minutes count."""


@dataclass(frozen=True)
class Ring:
    """What a visitor asks: which flat, as whom, with which picture of themselves."""

    unit_id: str
    near: Near
    visitor_name: str = ""
    photo: str = ""


@dataclass(frozen=True)
class RingView:
    """A ring as the visitor sees it: nothing of who lives there, or who answered."""

    call_id: str
    device_id: str
    state: CallState
    rung_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class BlockView:
    """Somebody whose phone a flat does not hear: by what they called themselves."""

    block_id: str
    unit_id: str
    visitor_name: str
    blocked_at: datetime


@dataclass(frozen=True)
class Blocks:
    """One page of whom a flat does not hear."""

    items: list[BlockView]
    next: str | None


def ring(caller: Caller, device_id: str, asked: Ring, *, at: datetime | None = None) -> RingView:
    """Ring a flat that a gate serves, from before that gate.

    A flat without adults, or one that does not hear the caller, rings nowhere, and the
    caller cannot tell: it ends as if nobody were at home. Raises as `gates.gate_of` and
    `gates.require_near`, Unprocessable `not_your_photo`, TooMany `rung_too_often`,
    `flat_rung_too_often`.
    """
    at = at or clock.now()
    block = block_key(caller.community_id, asked.unit_id, caller.subject_id)
    gate = gates.gate_of(caller, device_id, asked.unit_id, Wish(RingBlock, *block))
    gates.require_near(gate, asked.near, at)
    if asked.photo and not _is_own(caller, asked.photo):
        raise Unprocessable("not_your_photo", "照片无效，请重新拍摄")
    (blocked,) = gate.more
    adults = [] if blocked else identity.answerers(caller.community_id, asked.unit_id)
    call = _call(caller, gate.door, asked, adults, at=at)
    shown, told = _view(call, at), [_rung(call, adults)] if adults else []
    for attempt in range(TRIES):
        times = _in_peace(caller, asked.unit_id, at)
        try:
            outbox.commit(call, times, events=told, answer=shown)
        except Conflict:
            if attempt == TRIES - 1 or not times.has_twin():
                raise
            time.sleep(random.uniform(0, 0.02) * 2**attempt)  # noqa: S311 -- jitter, no secret
        else:
            return shown
    raise AssertionError("the last attempt returns or raises")


def shown_ring(caller: Caller, call_id: str, *, at: datetime | None = None) -> RingView:
    """Return a ring of the caller's own phone; raises NotFound `no_such_call`."""
    row = CallRow.of(caller.community_id, call_id)
    if row is None or row.rung_by != caller.subject_id:
        raise NotFound("no_such_call", "没有找到这次呼叫")
    return _view(row, at or clock.now())


def held_of(community_id: str, person_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the rings of a person's own phone, for their export: not who lives there."""
    for row in CallRow.by_ringer.query(tenant_key(community_id, person_id)):
        if row.is_live():
            yield (
                "rings",
                {
                    "call_id": row.call_id,
                    "unit_id": row.unit_id,
                    "gate_id": row.gate_id,
                    "visitor_name": visitors.name_in(community_id, person_id, row.visitor_name),
                    "state": row.state,
                    "rung_at": clock.from_epoch_ms(int(row.rung_at)).isoformat(),
                },
            )


def grant_photo(
    caller: Caller, device_id: str, content_type: str, size: int, sha256: str
) -> media.Upload:
    """Return where to put a picture of oneself before ringing; raises NotFound `no_such_device`."""
    wishes = devices.door_wishes(caller.community_id, device_id)
    devices.door_of(caller.community_id, *at_once(*wishes))
    return media.granted(_folder(caller), content_type, size, sha256)


# -- whom a flat does not hear -----------------------------------------------------------------


def block(caller: Caller, call_id: str, *, at: datetime | None = None) -> BlockView:
    """Hear this visitor's phone no more at this flat; repeated, it is the same block.

    Raises NotFound `no_such_call`, Unprocessable `rung_by_panel`.
    """
    at = at or clock.now()
    call = mine(caller, call_id)
    if call.rung_by is None:
        raise Unprocessable("rung_by_panel", "这是门口机的呼叫，无法屏蔽")
    key = block_key(call.community_id, call.unit_id, call.rung_by)
    known = RingBlock.find(*key)
    if known is not None:
        return _block_view(known)
    row = RingBlock(
        unit_key=key[0],
        block_id=key[1],
        community_id=call.community_id,
        unit_id=call.unit_id,
        person_id=call.rung_by,
        visitor_name=call.visitor_name,
        person_key=tenant_key(call.community_id, call.rung_by),
        blocked_at=clock.epoch_ms(at),
        expires=kept_until(Kept.RING_BLOCK, at),
    )
    shown = _block_view(row)
    speaks = identity.speaks_for(call.community_id, call.unit_id, caller.subject_id)
    outbox.commit(row, given=(speaks,), answer=shown)
    return shown


def blocks(caller: Caller, unit_id: str, *, limit: int, after: str | None) -> Blocks:
    """Return one page of whom a flat of the caller's does not hear.

    Raises NotFound `no_such_unit`.
    """
    _require_own(caller, unit_id)
    key = tenant_key(caller.community_id, unit_id)
    rows, following = cursor.page(
        RingBlock.query, key, listing=f"ring_blocks/{key}", limit=limit, after=after
    )
    return Blocks([_block_view(row) for row in rows if row.is_live()], following)


def unblock_all(community_id: str, unit_id: str, until: datetime) -> None:
    """Delete what a household that has left did not want to hear; no later one's."""
    for row in list(RingBlock.query(tenant_key(community_id, unit_id))):
        if int(row.blocked_at) <= clock.epoch_ms(until):
            row.delete()


def forget(community_id: str, person_id: str) -> None:
    """Delete the blocks of a forgotten person's phone."""
    for hit in list(RingBlock.by_person.query(tenant_key(community_id, person_id))):
        row = RingBlock.kept(hit.unit_key, hit.block_id)
        if row is not None:
            row.delete()


def unblock(caller: Caller, unit_id: str, block_id: str) -> BlockView:
    """Hear somebody again; raises NotFound `no_such_unit`, `no_such_block`."""
    _require_own(caller, unit_id)
    row = RingBlock.find(tenant_key(caller.community_id, unit_id), block_id)
    if row is None:
        raise NotFound("no_such_block", "没有找到该屏蔽记录")
    shown = _block_view(row)
    outbox.commit(deletes=[row], answer=shown)
    return shown


def _require_own(caller: Caller, unit_id: str) -> None:
    if caller.subject_id not in identity.answerers(caller.community_id, unit_id):
        raise NotFound("no_such_unit", "没有找到该房屋")


def _in_peace(caller: Caller, unit_id: str, at: datetime) -> RingTimes:
    """Return the flat's rings of late with this one, to be committed with it; one read.

    Raises TooMany for one ring too many.
    """
    key, who = block_key(caller.community_id, unit_id, caller.subject_id)
    row = RingTimes.kept(key) or RingTimes(unit_key=key, community_id=caller.community_id)
    recent = row.since(at - rules.WINDOW)
    reason = rules.refusal((rang for _, rang in recent), who)
    if reason is not None:
        wait = int(rules.WINDOW.total_seconds())
        raise TooMany(reason, "呼叫过于频繁，请稍后再试或联系门岗", retry_after=wait)
    row.rings = [*recent, (clock.epoch_ms(at), who)]
    row.expires = int((at + KEPT_FOR).timestamp())
    return row


def _call(
    caller: Caller, door: devices.Door, asked: Ring, adults: Iterable[str], *, at: datetime
) -> CallRow:
    community_id, call_id, end = caller.community_id, ids.new_id("call"), at + states.RINGS_FOR
    name = visitors.sealed_name(community_id, caller.subject_id, asked.visitor_name)
    return CallRow(
        call_key=tenant_key(community_id, call_id),
        call_id=call_id,
        community_id=community_id,
        unit_id=asked.unit_id,
        unit_key=tenant_key(community_id, asked.unit_id),
        gate_id=door.device_id,
        panel_id=door.device_id,
        photo=asked.photo or None,
        rung_by=caller.subject_id,
        ringer_key=tenant_key(community_id, caller.subject_id),
        visitor_name=name,
        answerers=set(adults) or None,
        state=CallState.RINGING.value,
        rung_at=clock.epoch_ms(at),
        expires_at=clock.epoch_ms(end),
        shard=shard_of("call", call_id),
        due_at=clock.epoch_ms(end),
        expires=kept_until(Kept.PASSAGE, at),
    )


def _rung(call: CallRow, adults: Iterable[str]) -> CallRung:
    return CallRung(
        community_id=call.community_id,
        call_id=call.call_id,
        unit_id=call.unit_id,
        gate_id=call.gate_id,
        panel_id=call.panel_id,
        answerers=tuple(sorted(adults)),
        rung_at=clock.from_epoch_ms(int(call.rung_at)),
        expires_at=clock.from_epoch_ms(int(call.expires_at)),
    )


def _folder(caller: Caller) -> str:
    return f"{caller.community_id}/stills/{caller.subject_id}"


def _is_own(caller: Caller, key: str) -> bool:
    own = f"{_folder(caller)}/"
    name, _, ending = key.removeprefix(own).rpartition(".")
    is_name = states.named(name) != "-" and ending in media.ENDINGS.values()
    return key.startswith(own) and is_name


def _view(row: CallRow, at: datetime) -> RingView:
    return RingView(
        call_id=row.call_id,
        device_id=row.gate_id,
        state=states.shown_state(row.facts(), at),
        rung_at=clock.from_epoch_ms(int(row.rung_at)),
        expires_at=clock.from_epoch_ms(int(row.expires_at)),
    )


def _block_view(row: RingBlock) -> BlockView:
    return BlockView(
        block_id=row.block_id,
        unit_id=row.unit_id,
        visitor_name=visitors.name_in(row.community_id, row.person_id, row.visitor_name),
        blocked_at=clock.from_epoch_ms(int(row.blocked_at)),
    )

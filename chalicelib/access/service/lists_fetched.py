"""What doors fetch: their part of the estate's list, whole or as a delta, signed, with its life."""

import base64
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from pynamodb.expressions.update import Action

from chalicelib.access.rules import allow_lists as rules
from chalicelib.access.service import marks
from chalicelib.access.service.doors import require_door
from chalicelib.access.tables.allow_lists import DoorList, ListChange, ListEntry, ListHead
from chalicelib.core import clock, cursor, outbox
from chalicelib.core.auth import Caller
from chalicelib.core.errors import NotFound
from chalicelib.core.table import tenant_key
from chalicelib.devices import public as devices


@dataclass(frozen=True)
class Signed:
    """A JSON text `p` for one door, its signature `s`, and the key `kid` that made it."""

    p: str
    s: str
    kid: str


@dataclass(frozen=True)
class Head:
    """An estate's list: its newest version, and how long doors trust theirs, in seconds."""

    version: int
    life_s: int


def head(caller: Caller) -> Head:
    """Return an estate's list as staff see it."""
    return _head(ListHead.find(caller.community_id))


def set_life(caller: Caller, life_s: int) -> Head:
    """Say how long doors trust a list that they cannot renew: from their next fetch on.

    Raises NotFound `no_such_community` for staff of a part of the estate, Conflict `lost_race`.
    """
    if not caller.has_whole_estate:
        raise NotFound("no_such_community", "没有找到该小区")
    row = ListHead.find(caller.community_id) or ListHead(community_id=caller.community_id)
    row.life_s = life_s
    outbox.commit(row)
    return _head(row)


def _head(row: ListHead | None) -> Head:
    life = row.life_s if row is not None else None
    number = int(row.number) if row is not None else 0
    return Head(number, int(life or rules.CACHE_LIFE.total_seconds()))


@dataclass(frozen=True)
class _Page:
    """Part of a list: entries, what is gone, and where the next part begins."""

    version: int
    whole: bool
    entries: list[dict[str, Any]]
    removed: list[str]
    next: str | None


def fetch(speaker: devices.Speaker, since: int, scope: str, after: str | None) -> Signed:
    """Return a door's list since a version of a scope: what changed, or all of it by pages.

    A delta takes three reads, a page of the whole list one; one write notes what the door was
    given, of a later page what changed since the first as well. Every page of a whole list
    carries the version of its first: what changed meanwhile comes with the next delta. What is
    no door gets nothing: a list is an estate's secrets. Raises BadRequest `bad_cursor`,
    Unprocessable `not_a_door`, `no_command_key`.
    """
    require_door(speaker)
    at = clock.now()
    known = _head(ListHead.find(speaker.community_id))
    newest = known.version
    own = rules.scope_of(speaker.node_path)
    if after is not None:
        page = _whole(speaker, newest, after)
    elif scope != own or rules.takes_whole(since, newest):
        page = _whole(speaker, newest, None)
    else:
        page = _delta(speaker, since, newest) or _whole(speaker, newest, None)
    _note(speaker, newest)
    told = {
        "list": speaker.device_id,
        "version": page.version,
        "scope": own,
        "since": 0 if page.whole else since,
        "whole": page.whole,
        "issued_at": clock.epoch_ms(at),
        "expires_at": clock.epoch_ms(at + timedelta(seconds=known.life_s)),
        "added": page.entries,
        "removed": page.removed,
        "next": page.next,
        "keys": {name: _text(key) for name, key in marks.edge_keys(speaker.community_id).items()},
    }
    return Signed(**devices.signed_for(speaker.community_id, speaker.device_id, told))


def _text(key: bytes) -> str:
    return base64.b64encode(key).decode()


def _whole(speaker: devices.Speaker, newest: int, after: str | None) -> _Page:
    """Return a page of all that a door holds; the cursor remembers the version of the first."""
    name = f"allow-list/{speaker.community_id}/{speaker.device_id}/{speaker.node_path}"
    start = cursor.unseal(after, listing=name) or {"version": newest, "key": None}
    below = ListEntry.entry_key.startswith(f"{speaker.node_path or '-'}/")
    found = ListEntry.query(
        speaker.community_id,
        below,
        consistent_read=True,
        limit=rules.PAGE,
        last_evaluated_key=start["key"],
    )
    entries = [plain for row in found if (plain := _shown(speaker, row)) is not None]
    last = found.last_evaluated_key
    version = int(start["version"])
    following = cursor.seal({"version": version, "key": last} if last else None, listing=name)
    return _Page(version, whole=True, entries=entries, removed=[], next=following)


def _delta(speaker: devices.Speaker, since: int, newest: int) -> _Page | None:
    """Return what changed since a version; None if the log does not reach back so far."""
    log = ListChange.query(
        speaker.community_id,
        ListChange.number.between(since + 1, newest),
        consistent_read=True,
    )
    changes = list(log) if since < newest else []
    if len(changes) != newest - since:
        return None
    own = f"{speaker.node_path or '-'}/"
    keys = {change.entry_key for change in changes if change.entry_key.startswith(own)}
    wanted = [(speaker.community_id, key) for key in sorted(keys)]
    held = {row.entry_key: row for row in ListEntry.batch_get(wanted, consistent_read=True)}
    entries, removed = [], []
    for _, key in wanted:
        row = held.get(key)
        plain = _shown(speaker, row) if row is not None else None
        if plain is not None:
            entries.append(plain)
        else:
            removed.append(rules.id_of(key))
    return _Page(newest, whole=False, entries=entries, removed=removed, next=None)


def _shown(speaker: devices.Speaker, row: ListEntry) -> dict[str, Any] | None:
    """Return an entry as a door gets it, or None if it is not on its list, or over."""
    doors = tuple(row.doors)
    mine = rules.is_of_door(row.entry_key, doors, speaker.device_id, speaker.node_path)
    over = row.until is not None and row.until <= clock.epoch_ms(clock.now())
    if not mine or over:
        return None
    entry = marks.opened(speaker.community_id, row.entry)
    if row.inside and rules.is_further_in(speaker.node_path, row.inside):
        entry = replace(entry, uses=int(row.inner_uses or 0))
    return entry.plain


def _where(node_path: str) -> list[Action]:
    """Return that a door may now hold the list of a node, beside those that it held."""
    if not node_path:
        return []
    return [DoorList.path.set(node_path), DoorList.paths.add({node_path})]


def _note(speaker: devices.Speaker, version: int) -> None:
    """Note what a door is being given, before it is given: what it may hold is known.

    A push at the same moment stands: neither writes what is the other's.
    """
    key = tenant_key(speaker.community_id, speaker.device_id)
    DoorList(door_key=key).changed(
        [
            DoorList.community_id.set(speaker.community_id),
            DoorList.device_id.set(speaker.device_id),
            DoorList.fetched.set(version),
            DoorList.fetched_at.set(clock.epoch_ms(clock.now())),
            *_where(speaker.node_path),
        ],
        DoorList.fetched.does_not_exist() | (DoorList.fetched <= version),
    )

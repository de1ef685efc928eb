"""An estate's allow-list: changed in one transaction with what changes it, version by version.

There is one list per estate, under the paths of its flats, and a door's list is what lies
within the door's node: a change costs three rows however many doors there are, and a door that
is new, or was moved, has its list at once.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from chalicelib.access.events import AllowListChanged
from chalicelib.access.rules import allow_lists as rules
from chalicelib.access.rules.allow_lists import Entry
from chalicelib.access.service import marks
from chalicelib.access.tables.allow_lists import ListChange, ListEntry, ListHead
from chalicelib.core import clock, outbox
from chalicelib.core.errors import Conflict
from chalicelib.core.patience import patiently
from chalicelib.core.table import Row

LINGERS = timedelta(days=1)
"""How long an entry is kept behind its end: doors go by the end itself."""


@dataclass(frozen=True)
class Inside:
    """Somebody who is in by their last use: doors below this node still have so many uses."""

    path: str
    uses: int


@dataclass(frozen=True)
class Put:
    """An entry to be written: for the doors that reach its flat, or those of them named."""

    entry: Entry
    path: str
    doors: tuple[str, ...] = ()
    inside: Inside | None = None


@dataclass(frozen=True)
class Remove:
    """An entry to be removed; none there is nothing to do."""

    entry_id: str
    path: str


Change = Put | Remove


def commit(
    community_id: str,
    changes: Sequence[Change],
    *rows: Row,
    events: Iterable[Any] = (),
    deletes: Iterable[Row] = (),
    given: Iterable[outbox.Given] = (),
    answer: Any = None,
    stamped: Callable[[int], None] = lambda _: None,
) -> int:
    """Commit rows with changes of the list, in one transaction; return the list's version.

    As `outbox.commit`, and tried again if the list's head moved meanwhile or was being moved:
    all changes of an estate meet there. `stamped` is told the version before each try. Raises
    as `outbox.commit`.
    """
    events, deletes, given = list(events), list(deletes), list(given)
    seen: list[int | None] = [None]

    def change() -> int:
        head = ListHead.find(community_id) or ListHead(community_id=community_id)
        seen[0] = head.version
        made = _Made(community_id, int(head.number))
        for one in changes:
            made.add(one)
        stamped(made.number)
        head.number = made.number
        changed = [head, *made.rows] if made.told else []
        outbox.commit(
            *rows,
            *changed,
            events=[*events, *made.told],
            deletes=[*deletes, *made.gone],
            given=given,
            answer=answer,
        )
        return made.number

    def was_overtaken(raced: Conflict) -> bool:
        if outbox.was_passing(raced):
            return True
        now = ListHead.find(community_id)
        return (now.version if now else None) != seen[0]

    return patiently(change, again=was_overtaken)


class _Made:
    """What changes make of a list: rows, what is gone, what is told, and the newest version."""

    def __init__(self, community_id: str, number: int) -> None:
        self.community_id, self.number = community_id, number
        self.at = clock.now()
        self.rows: list[Row] = []
        self.gone: list[Row] = []
        self.told: list[AllowListChanged] = []

    def add(self, change: Change) -> None:
        """Make one change; removing what is not there, or putting what is, is none."""
        entry_id = change.entry.id if isinstance(change, Put) else change.entry_id
        key = rules.entry_key(change.path, entry_id)
        held = ListEntry.kept(self.community_id, key)
        doors = list(held.doors) if held is not None else []
        if isinstance(change, Put):
            if held is not None and _is_as(held, change):
                return
            self.rows.append(self._written(held, key, change))
            doors = list(change.doors)
        elif held is None:
            return
        else:
            self.gone.append(held)
        self.number += 1
        self.rows.append(
            ListChange(
                community_id=self.community_id,
                number=self.number,
                entry_key=key,
                expires=int((self.at + rules.CHANGES_KEPT).timestamp()),
            )
        )
        self.told.append(
            AllowListChanged(
                community_id=self.community_id,
                number=self.number,
                entry_id=entry_id,
                path=change.path,
                doors=tuple(doors),
                removed=isinstance(change, Remove),
                changed_at=self.at,
            )
        )

    def _written(self, held: ListEntry | None, key: str, put: Put) -> ListEntry:
        row = held or ListEntry(community_id=self.community_id, entry_key=key)
        row.entry_id, row.doors = put.entry.id, list(put.doors)
        row.entry = marks.sealed(self.community_id, put.entry)
        row.inside = put.inside.path if put.inside is not None else None
        row.inner_uses = put.inside.uses if put.inside is not None else None
        row.until = put.entry.end
        end = clock.from_epoch_ms(put.entry.end) + LINGERS if put.entry.end else None
        row.expires = int(end.timestamp()) if end else None
        return row


def _is_as(held: ListEntry, put: Put) -> bool:
    """Return whether an entry is on the list already just as it is to be put."""
    inside = Inside(held.inside, int(held.inner_uses or 0)) if held.inside else None
    if (tuple(held.doors), inside) != (put.doors, put.inside):
        return False
    return marks.opened(held.community_id, held.entry) == put.entry

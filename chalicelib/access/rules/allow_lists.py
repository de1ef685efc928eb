"""Pure rules of allow-lists: what a door holds, which entries are its own, for how long."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any, Final, Self

from chalicelib.core.paths import within

CACHE_LIFE: Final = timedelta(hours=24)
"""How long a door decides by a list that it cannot renew, unless its estate says otherwise.

So long at most opens what was withdrawn while the door was out of reach (SECURITY.md I9).
"""

SHORTEST_LIFE, LONGEST_LIFE = timedelta(minutes=10), timedelta(days=7)

MOST_CHANGES: Final = 400
"""Versions that are made up for by a delta; a door that is further behind takes the whole list."""

PAGE: Final = 200
"""Entries in one answer: some 60 kB."""

CHANGES_KEPT: Final = LONGEST_LIFE + timedelta(days=1)

FIRST_AGAIN, LAST_AGAIN = timedelta(seconds=30), timedelta(minutes=15)

OVERDUE_AFTER: Final = timedelta(hours=1)
"""A withdrawal without its receipt for so long is a person's business (LAW.md 3.2)."""


@dataclass(frozen=True)
class Entry:
    """What a door may be shown: an id of ours and what it is recognised by, never a name.

    `unit` scopes a PIN. `card` is the keyed hash (hex) of a card's normalised number, `pin_hash`
    that of a PIN, `qr_key` the secret (base64) of a rotating code. It opens within
    [start, end), in epoch ms; `uses` is how often, None for any number, and `companions` how
    many may come along with each. Of a face or
    fingerprint there is the id alone: the device recognises it by itself.
    """

    id: str
    kind: str
    unit: str = ""
    card: str = ""
    qr_key: str = ""
    pin_hash: str = ""
    start: int | None = None
    end: int | None = None
    floors: tuple[int, ...] = ()
    uses: int | None = None
    companions: int = 0

    @property
    def plain(self) -> dict[str, Any]:
        """Return it as a door gets it: what is empty is left out."""
        said = {field.name: getattr(self, field.name) for field in fields(self)}
        kept = {name: value for name, value in said.items() if value not in ("", None, ())}
        if not self.companions:
            del kept["companions"]
        return {**kept, "floors": list(self.floors)} if self.floors else kept

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Self:
        """Read what `plain` wrote; numbers may come back from the store as decimals."""
        known = {field.name for field in fields(cls)}
        said = {name: value for name, value in plain.items() if name in known}
        for name in ("start", "end", "uses", "companions"):
            if said.get(name) is not None:
                said[name] = int(said[name])
        return cls(**{**said, "floors": tuple(int(one) for one in said.get("floors", ()))})


def entry_key(path: str, entry_id: str) -> str:
    """Return where an entry stands in its estate's list: under the path of its flat."""
    return f"{path}/#{entry_id}"


def is_of_door(key: str, doors: tuple[str, ...], door_id: str, node_path: str) -> bool:
    """Return whether an entry is on a door's list.

    The flat's path lies within the door's node, and the door is one of those that were
    chosen, if any were. A door that stands at no node serves nobody.
    """
    if doors and door_id not in doors:
        return False
    return bool(node_path) and key.startswith(f"{node_path}/")


def is_further_in(node_path: str, inside: str) -> bool:
    """Return whether a door stands below the node by which somebody came in, not at it."""
    return node_path != inside and within(node_path, inside)


def id_of(key: str) -> str:
    """Return the id of the entry that a key stands for."""
    return key.rpartition("/#")[2]


def scope_of(node_path: str) -> str:
    """Return what a door names with its version: whose list it is a version of.

    A door that was moved holds another node's list, whatever its version says.
    """
    return hashlib.sha256(node_path.encode()).hexdigest()[:16]


def takes_whole(since: int, newest: int) -> bool:
    """Return whether a door must take the whole list, and not what changed since a version.

    One that has none yet, one that is too far behind, and one that knows more than there is.
    """
    return not 0 < since <= newest or newest - since > MOST_CHANGES


def again_after(tellings: int) -> timedelta:
    """Return how long to wait for a receipt before telling again: twice as long each time."""
    doublings = min(max(tellings - 1, 0), 16)
    return min(FIRST_AGAIN * (1 << doublings), LAST_AGAIN)

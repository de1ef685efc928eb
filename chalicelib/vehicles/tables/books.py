"""Rows of what is known of a plate: one read at the barrier, one lock for whoever registers it."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from typing import Any, Self

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.core.sealing import index
from chalicelib.core.table import PlainJson, Row, tenant_key
from chalicelib.vehicles.rules.passing import CarKind, Entry, Inside
from chalicelib.vehicles.rules.plates import skeleton

DAY_MS = 86_400_000
FAR = 4 * 10**9
"""An end that never comes, in epoch seconds."""


class PlateBook(Row):
    """All plates of an estate that a camera may take for one another.

    Its key is the blind index of what they share (`rules.plates.skeleton`), so that one
    consistent read finds the very plate and its near matches. `entries` are those who may
    come (by id), `inside` the open stay of each plate by its blind index, and `left` the last
    exit without an entry. No plate stands here in the clear. Each writer holds the row's lock.
    """

    class Meta:
        short = "plate_books"
        ttl = "expires"

    book_key = UnicodeAttribute(hash_key=True)
    community_id = UnicodeAttribute()
    entries = PlainJson(default=dict)
    inside = PlainJson(default=dict)
    left = PlainJson(default=dict)
    expires = NumberAttribute()

    @classmethod
    def of(cls, community_id: str, text: str, at_ms: int) -> Self:
        """Return the book that a plate's text stands in, a new one if there is none."""
        key = book_key(community_id, text)
        kept = cls.kept(key)
        book = kept if kept is not None else cls(book_key=key, community_id=community_id)
        book.tidy(at_ms)
        return book

    @classmethod
    def at(cls, key: str, at_ms: int) -> Self:
        """Return the book of a key that a row names."""
        kept = cls.kept(key)
        community_id = key.partition("#")[0]
        book = kept if kept is not None else cls(book_key=key, community_id=community_id)
        book.tidy(at_ms)
        return book

    def tidy(self, at_ms: int) -> None:
        """Leave out what was over a day ago, and say how long the rest is kept."""
        day_ago = at_ms - DAY_MS
        self.entries = {
            key: said
            for key, said in self.entries.items()
            if not _entry(key, said).is_over(day_ago)
        }
        self.left = {key: said for key, said in self.left.items() if said[1] > day_ago}
        ends = [said["ends"] for said in self.entries.values()]
        endless = bool(self.inside) or None in ends
        self.expires = FAR if endless else (max([at_ms, *ends]) + 2 * DAY_MS) // 1000

    def known(self) -> list[Entry]:
        """Return all entries, in the order of their ids."""
        return [_entry(key, said) for key, said in sorted(self.entries.items())]

    def entry(self, entry_id: str) -> Entry | None:
        """Return one entry, or None."""
        said = self.entries.get(entry_id)
        return _entry(entry_id, said) if said else None

    def write(self, entry: Entry, at_ms: int) -> None:
        """Write an entry, or write it anew."""
        said = {**asdict(entry), "kind": entry.kind.value}
        del said["id"]
        self.entries = {**self.entries, entry.id: said}
        self.tidy(at_ms)

    def strike(self, entry_id: str, at_ms: int) -> None:
        """Take an entry out."""
        self.entries = {key: said for key, said in self.entries.items() if key != entry_id}
        self.tidy(at_ms)

    def spend(self, entry: Entry, at_ms: int) -> None:
        """Take one of an entry's entries."""
        if entry.left is not None:
            self.write(replace(entry, left=entry.left - 1), at_ms)

    def stay_of(self, plate_index: str) -> Inside | None:
        """Return the open stay of a plate, or None."""
        said = self.inside.get(plate_index)
        return Inside(**{**said, "kind": CarKind(said["kind"])}) if said else None

    def park(self, plate_index: str, stay: Inside, at_ms: int) -> None:
        """Note that a plate is inside."""
        said = {**asdict(stay), "kind": stay.kind.value}
        self.inside = {**self.inside, plate_index: said}
        self.tidy(at_ms)

    def leave(self, plate_index: str, at_ms: int) -> None:
        """Note that a plate is inside no more."""
        self.inside = {key: said for key, said in self.inside.items() if key != plate_index}
        self.tidy(at_ms)


def _entry(key: str, said: Mapping[str, Any]) -> Entry:
    return Entry(**{"id": key, **said, "kind": CarKind(said["kind"])})


def book_key(community_id: str, text: str) -> str:
    """Return the key of the book that a plate's text stands in."""
    return tenant_key(community_id, index(f"plate-book/{community_id}", skeleton(text)))


def plate_index(community_id: str, text: str) -> str:
    """Return the blind index of a plate in its one spelling, within one community.

    The same plate in two communities has two: nobody follows a car from one to the other.
    """
    return index(f"plate/{community_id}", text)


def among(entries: Iterable[Entry], unit_id: str, plate_index_: str) -> list[Entry]:
    """Return the visits of one flat that a plate is registered for."""
    return [
        one
        for one in entries
        if one.unit_id == unit_id and one.index == plate_index_ and one.kind is CarKind.VISITOR
    ]

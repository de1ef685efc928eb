"""The chain: entries, who may follow whom, the heads, receipts, checkpoints and the close.

`Hi = SHA256(02 ‖ Hi-1 ‖ SHA256(canon(entry)))`, from H0 to H_close (LAW.md 1.7). Hashes are
lowercase hex, times are milliseconds since 1970 by the server's clock.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from chalicelib.ballot_log.rules.canon import Json, canon, sha256

PRINTED = 16
"""Hex digits of a hash on the printed notice."""


class Type(StrEnum):
    """What an entry does: own ballots online, own ballots on paper, by proxy, and taking out."""

    CAST = "CAST"
    REPLACE = "REPLACE"
    PAPER = "PAPER"
    PROXY = "PROXY"
    VOID = "VOID"


class Channel(StrEnum):
    """How a ballot came in; OFFICE is the counting office, which takes ballots out."""

    ONLINE = "ONLINE"
    PAPER = "PAPER"
    OFFICE = "OFFICE"


CHANNELS: Mapping[Type, frozenset[Channel]] = {
    Type.CAST: frozenset({Channel.ONLINE}),
    Type.REPLACE: frozenset({Channel.ONLINE}),
    Type.PAPER: frozenset({Channel.PAPER}),
    Type.PROXY: frozenset({Channel.ONLINE, Channel.PAPER}),
    Type.VOID: frozenset({Channel.OFFICE}),
}

_OWN = frozenset({Type.CAST, Type.REPLACE})
MAY_FOLLOW: Mapping[Type, frozenset[Type | None]] = {
    Type.CAST: frozenset({None, Type.PROXY}),
    Type.REPLACE: _OWN,
    Type.PROXY: frozenset({None, Type.PROXY}),
    Type.PAPER: frozenset({None, Type.PROXY}) | _OWN,
    Type.VOID: frozenset({Type.PROXY, Type.PAPER}) | _OWN,
}
"""What may stand for a group when an entry comes: one's own ballot beats a proxy's, a registered
paper ballot is final, and a ballot that was taken out leaves nothing standing (None)."""

LATE = frozenset({Type.PAPER, Type.VOID})
"""Entries that scrutineers make when the urn is emptied: until `paper_until`."""


@dataclass(frozen=True)
class Window:
    """When entries are taken: each end excluded; `paper_until` is not before `closes_at`."""

    opens_at: int
    closes_at: int
    paper_until: int


@dataclass(frozen=True)
class Draft:
    """An entry before it has its place in the chain."""

    type: Type
    group: str
    channel: Channel
    commit: str


@dataclass(frozen=True)
class Entry:
    """One link. The choice is sealed in `commit`; a VOID's commit seals its reason."""

    seq: int
    prev: str
    type: Type
    group: str
    channel: Channel
    commit: str
    server_time: int

    def as_json(self) -> dict[str, Json]:
        """Return what is hashed."""
        return {
            "seq": self.seq,
            "prev": self.prev,
            "type": self.type.value,
            "group": self.group,
            "channel": self.channel.value,
            "commit": self.commit,
            "server_time": self.server_time,
        }

    @property
    def hash(self) -> str:
        """Return Hi."""
        return sha256(b"\x02", bytes.fromhex(self.prev), sha256(canon(self.as_json()))).hex()


@dataclass(frozen=True)
class Head:
    """The end of a vote's chain: how many entries, the last one's hash and time."""

    vote: str
    seq: int
    hash: str
    time: int = 0


def opened(vote: str, roll_root: str, rules_hash: str) -> Head:
    """Return the head before any entry: H0 binds the vote, its roll and its rules."""
    bound: dict[str, Json] = {"vote": vote, "roll_root": roll_root, "rules_hash": rules_hash}
    return Head(vote, 0, sha256(b"OV1|INIT|", canon(bound)).hex())


def refusal(draft: Draft, standing: Type | None, window: Window, at: int) -> str | None:
    """Return why an entry is not taken now, or None; `standing` is what the group has.

    `ballot_already_cast`: REPLACE it instead. `ballot_own_stands`: a proxy came second.
    """
    if draft.channel not in CHANNELS[draft.type]:
        return "ballot_channel"
    if at < window.opens_at:
        return "vote_not_open"
    if at >= (window.paper_until if draft.type in LATE else window.closes_at):
        return "vote_closed"
    return None if standing in MAY_FOLLOW[draft.type] else _why_not(draft.type, standing)


def _why_not(kind: Type, standing: Type | None) -> str:
    if standing is None:
        return "ballot_nothing_stands"
    if standing is Type.PAPER:
        return "ballot_paper_is_final"
    if kind is Type.REPLACE:
        return "ballot_nothing_stands"
    return "ballot_already_cast" if kind is Type.CAST else "ballot_own_stands"


def appended(head: Head, draft: Draft, at: int) -> tuple[Entry, Head]:
    """Return the entry in its place and the head after it.

    Two servers' clocks differ: an entry is never earlier than the one before it.
    """
    entry = Entry(
        head.seq + 1,
        head.hash,
        draft.type,
        draft.group,
        draft.channel,
        draft.commit,
        max(at, head.time),
    )
    return entry, replace(head, seq=entry.seq, hash=entry.hash, time=entry.server_time)


def standing(entries: Iterable[Entry]) -> dict[str, Entry]:
    """Return each group's ballot that counts: the last, unless it was taken out."""
    last: dict[str, Entry] = {}
    for entry in entries:
        last.pop(entry.group, None)
        if entry.type is not Type.VOID:
            last[entry.group] = entry
    return last


def closing_hash(head: Head) -> str:
    """Return H_close = SHA256("OV1|CLOSE|" ‖ Hn ‖ n), n in decimal digits."""
    return sha256(b"OV1|CLOSE|", bytes.fromhex(head.hash), str(head.seq).encode()).hex()


def receipt(vote: str, entry: Entry) -> dict[str, Json]:
    """Return what a voter takes along: it proves that the ballot is in, not what it says."""
    return {
        "vote": vote,
        "seq": entry.seq,
        "hash": entry.hash,
        "commit": entry.commit,
        "time": entry.server_time,
    }


def receipt_bytes(receipt: Mapping[str, Json]) -> bytes:
    """Return what is signed of a receipt."""
    return b"OV1|RECEIPT|" + canon(dict(receipt))


def checkpoint(head: Head, at: int) -> dict[str, Json]:
    """Return what witnesses keep, hourly and at the close (居委会, 街道, three scrutineers).

    Without witnesses outside, a chain does not stop its keeper from writing it all anew.
    """
    return {"vote": head.vote, "seq": head.seq, "hash": head.hash, "time": at}


def checkpoint_bytes(checkpoint: Mapping[str, Json]) -> bytes:
    """Return what is signed of a checkpoint."""
    return b"OV1|CHECKPOINT|" + canon(dict(checkpoint))

"""The published log: SEALED shows who took part, NAMED what each said as well (LAW.md 1.7.8).

SEALED is the default, because an area is nearly unique: weight and choice together name the
voter. In it, the totals are the scrutineers' word; in NAMED anyone adds them up.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from chalicelib.ballot_log.rules.ballots import Item, Opening, Sums
from chalicelib.ballot_log.rules.canon import Json, canon, roll_root, rules_hash, sha256
from chalicelib.ballot_log.rules.chain import Entry, Head, Window, closing_hash, opened

FORMAT = "OV1"
UNSEALED = ("roll", "entries")
"""Parts that H_close binds already."""


@dataclass(frozen=True)
class Terms:
    """The frozen rules of a vote that its count depends on; `more` is whatever else was noticed.

    `deeming` is a mode of voting.rules; `invalid_participates` lets marks that scrutineers call
    invalid take part.
    """

    items: tuple[Item, ...]
    window: Window
    deeming: str = "STRICT"
    invalid_participates: bool = False
    more: Mapping[str, Json] = field(default_factory=dict)

    def as_json(self) -> dict[str, Json]:
        """Return what `rules_hash` is taken of."""
        return {
            "items": [item.as_json() for item in self.items],
            "opens_at": self.window.opens_at,
            "closes_at": self.window.closes_at,
            "paper_until": self.window.paper_until,
            "deeming": self.deeming,
            "invalid_participates": int(self.invalid_participates),
            "more": dict(self.more),
        }


@dataclass(frozen=True)
class Closed:
    """A closed vote's evidence.

    `checkpoints` are `{seq, hash, time, signature}`; `delivered` names the groups that
    effectively received a ballot, where silence is deemed something.
    """

    vote: str
    terms: Terms
    roll: Sequence[Mapping[str, Json]]
    entries: Sequence[Entry]
    checkpoints: Sequence[Mapping[str, Json]] = ()
    delivered: Sequence[str] = ()


def sealed(closed: Closed, totals: Sums, results: Sequence[Mapping[str, Json]]) -> dict[str, Json]:
    """Return the export that everybody may have."""
    return _bound(closed, {"level": "SEALED", "totals": totals, "results": list(results)})


def named(
    closed: Closed,
    openings: Iterable[Opening],
    totals: Sums,
    results: Sequence[Mapping[str, Json]],
) -> dict[str, Json]:
    """Return the export with every ballot opened, which the rules of procedure must allow."""
    shown: list[Json] = [opening.as_json() for opening in openings]
    parts: dict[str, Json] = {"level": "NAMED", "totals": totals, "results": list(results)}
    return _bound(closed, {**parts, "openings": shown})


def _bound(closed: Closed, parts: Mapping[str, Json]) -> dict[str, Json]:
    terms = closed.terms.as_json()
    h0 = opened(closed.vote, roll_root(closed.roll), rules_hash(terms))
    last = closed.entries[-1] if closed.entries else None
    head = Head(closed.vote, last.seq, last.hash) if last else h0
    whole: dict[str, Json] = {
        "format": FORMAT,
        "vote": closed.vote,
        "rules": terms,
        "roll": list(closed.roll),
        "h0": h0.hash,
        "entries": [{**entry.as_json(), "hash": entry.hash} for entry in closed.entries],
        "count": head.seq,
        "close": closing_hash(head),
        "checkpoints": list(closed.checkpoints),
        "delivered": sorted(closed.delivered),
        **parts,
    }
    return {**whole, "seal": seal(whole)}


def seal(export: Mapping[str, Json]) -> str:
    """Return SHA256("OV1|SEAL|" ‖ H_close ‖ canon(all but roll, entries and seal)).

    It binds what the chain does not, the totals first, and is printed beside H_close.
    """
    rest = {key: part for key, part in export.items() if key not in {*UNSEALED, "seal"}}
    return sha256(b"OV1|SEAL|", bytes.fromhex(str(export["close"])), canon(rest)).hex()

"""Closing a log, counting it, and publishing it: each may be called again at any point.

One pass reads the whole log. A hundred thousand ballots take well under a minute, and a pass
that is cut off has changed nothing: the next one begins anew.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chalicelib.ballot_log.public import ballots, canon, chain
from chalicelib.ballot_log.public import export as log_export
from chalicelib.core import archive, clock, outbox
from chalicelib.core.errors import Forbidden, Unprocessable
from chalicelib.voting.events import VoteCounted
from chalicelib.voting.rules import Deeming, HeadGroup
from chalicelib.voting.service import checkpoints, counting, delivery, sealing_choices, waiting
from chalicelib.voting.service.placing import SETTLES
from chalicelib.voting.tables.ballots import BallotRow
from chalicelib.voting.tables.log import CLOSED, OPEN, Checkpoint, CountRow, EntryRow, LogHead
from chalicelib.voting.tables.rolls import RollLine
from chalicelib.voting.tables.votes import VoteRow

SEALED, NAMED = "SEALED", "NAMED"
PAGE = 1_000
"""Rows of one read: half of what DynamoDB returns at most, so that none takes long."""

SCRIPT = Path(__file__).resolve().parents[3] / "tools" / "verify_vote.py"
"""What anybody verifies an export with: it lies in the package as it does in the repository."""


@dataclass(frozen=True)
class _Evidence:
    """A closed log as it was read: the roll, the chain, the openings of what stands."""

    groups: Sequence[HeadGroup]
    closed: log_export.Closed
    openings: dict[int, ballots.Opening]


def close(vote: VoteRow) -> bool:
    """Close a vote's log; False while ballots may still come in (`paper_until` and a minute).

    Whoever waits in line has their place first. H_close stands in the head from then on.
    """
    head = LogHead.find(vote.vote_key)
    if head is None or head.status == CLOSED:
        return head is not None
    at = clock.now()
    if clock.epoch_ms(at - SETTLES) < int(head.paper_until):
        return False
    waiting.drain(vote.vote_key)
    head = LogHead.get(vote.vote_key, consistent_read=True)
    point, told = checkpoints.made(head, at, is_last=True)
    head.status, head.closed_at = CLOSED, clock.epoch_ms(at)
    head.closing = chain.closing_hash(head.end())
    head.shard = head.due_at = None
    outbox.commit((head, LogHead.status == OPEN), point, events=(told,))
    return True


def count(vote: VoteRow) -> bool:
    """Count a closed vote and publish its sealed log; False if it is not closed.

    Raises ValueError if log, roll and ballots do not say the same: then nothing is counted.
    """
    if CountRow.find(vote.vote_key) is not None:
        return True
    head = LogHead.find(vote.vote_key)
    if head is None or head.status != CLOSED:
        return False
    evidence = _evidence(vote, head)
    counted, published = _published(evidence, SEALED)
    row = CountRow(
        vote_key=vote.vote_key,
        community_id=vote.community_id,
        vote_id=vote.vote_id,
        counted_at=clock.epoch_ms(clock.now()),
        result=_sheet(counted, published),
        exports={SEALED: _kept(vote, published)},
    )
    told = VoteCounted(
        community_id=vote.community_id,
        vote_id=vote.vote_id,
        ballots=int(head.seq),
        closing_hash=str(published["close"]),
        seal=str(published["seal"]),
    )
    outbox.commit_once(row, events=(told,))
    return True


def export(vote: VoteRow, level: str) -> bool:
    """Publish a counted vote's log at a level; False if it is not counted.

    NAMED shows what each group said: raises Forbidden `export_not_named` unless the rules of
    procedure allow it.
    """
    if level == NAMED and not vote.named_allowed:
        raise Forbidden("export_not_named", "议事规则未允许公布每户的选择")
    row = CountRow.find(vote.vote_key)
    if row is None:
        return False
    if level not in row.exports:
        head = LogHead.get(vote.vote_key, consistent_read=True)
        _, published = _published(_evidence(vote, head), level)
        row.exports = {**row.exports, level: _kept(vote, published)}
        outbox.commit(row)
    return True


def result(vote: VoteRow) -> dict[str, Any]:
    """Return what stands on the result's sheet; raises Unprocessable `vote_not_counted`."""
    row = CountRow.find(vote.vote_key)
    if row is None:
        raise Unprocessable("vote_not_counted", "该表决尚未计票")
    return dict(row.result)


def _evidence(vote: VoteRow, head: LogHead) -> _Evidence:
    key = vote.vote_key
    groups = [
        HeadGroup(line.group, frozenset(), tuple(line.units), int(line.area))
        for line in RollLine.query(key, page_size=PAGE, consistent_read=True)
    ]
    rows = EntryRow.query(key, page_size=PAGE, consistent_read=True)
    entries = [_proved(row) for row in rows]
    openings = {
        int(ballot.seq): sealing_choices.opened(head, ballot)
        for ballot in BallotRow.query(key, page_size=PAGE, consistent_read=True)
        if ballot.type
    }
    closed = log_export.Closed(
        vote.vote_id,
        vote.frozen_terms(),
        counting.roll_lines(groups),
        entries,
        _checkpoints(key),
        [] if Deeming(vote.deeming) is Deeming.STRICT else sorted(delivery.delivered(vote)),
    )
    _proofread(vote, head, closed)
    return _Evidence(groups, closed, openings)


def _proved(row: EntryRow) -> chain.Entry:
    entry = row.entry()
    if (entry.prev, entry.hash) != (row.prev, row.hash):
        raise ValueError(f"entry {entry.seq} of {row.vote_key} was altered")
    return entry


def _checkpoints(key: str) -> list[dict[str, canon.Json]]:
    return [
        {"seq": int(row.seq), "hash": row.hash, "time": int(row.time), "signature": row.signature}
        for row in Checkpoint.query(key, consistent_read=True)
    ]


def _proofread(vote: VoteRow, head: LogHead, closed: log_export.Closed) -> None:
    """Raise ValueError unless roll, rules and every link lead from H0 to the head."""
    terms = canon.rules_hash(closed.terms.as_json())
    link = chain.opened(vote.vote_id, canon.roll_root(closed.roll), terms).hash
    if link != vote.h0:
        raise ValueError(f"roll or rules of {vote.vote_key} are not those of H0")
    for number, entry in enumerate(closed.entries, 1):
        if (entry.seq, entry.prev) != (number, link):
            raise ValueError(f"the log of {vote.vote_key} is broken at {number}")
        link = entry.hash
    if (len(closed.entries), link) != (int(head.seq), head.hash):
        raise ValueError(f"the log of {vote.vote_key} does not end at its head")


def _published(evidence: _Evidence, level: str) -> tuple[counting.Count, dict[str, canon.Json]]:
    closed, openings = evidence.closed, evidence.openings
    counted = counting.counted(
        closed.terms, evidence.groups, closed.entries, openings, closed.delivered
    )
    results = counting.results(closed.terms, counted)
    if level == NAMED:
        shown = [openings[seq] for seq in sorted(openings)]
        return counted, log_export.named(closed, shown, counted.totals, results)
    return counted, log_export.sealed(closed, counted.totals, results)


def _kept(vote: VoteRow, published: dict[str, canon.Json]) -> dict[str, Any]:
    """Put an export into the archive; return where it is, and what it must hash to."""
    content = canon.canon(published)
    level, seal = str(published["level"]), str(published["seal"])
    key = f"{vote.community_id}/votes/{vote.vote_id}/{level}.json"
    archive.put(key, content, "application/json")
    script = SCRIPT.read_bytes()
    script_sha256 = hashlib.sha256(script).hexdigest()
    beside = f"{vote.community_id}/votes/{vote.vote_id}/{script_sha256[:16]}/{SCRIPT.name}"
    archive.put(beside, script, "text/x-python")
    return {
        "key": key,
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "seal": seal,
        "script": beside,
        "script_sha256": script_sha256,
    }


def _sheet(counted: counting.Count, published: dict[str, canon.Json]) -> dict[str, Any]:
    weights = {
        name: {"area": weight.area, "heads": weight.heads}
        for name, weight in (
            ("roll", counted.roll),
            ("cast", counted.cast),
            ("silent", counted.silent),
        )
    }
    said = {name: published[name] for name in ("totals", "results", "close", "seal", "count")}
    return {**weights, **said}

"""What everybody may have of a vote: its published log, and places for its scans."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.core import archive, clock, cursor, media, signatures
from chalicelib.core.auth import Caller
from chalicelib.core.errors import NotFound
from chalicelib.voting.service import casting, papers, votes
from chalicelib.voting.tables.log import CountRow
from chalicelib.voting.tables.rolls import RollLine
from chalicelib.voting.tables.votes import VoteRow

SHOWN_FOR = timedelta(minutes=10)
LEVELS = ("NAMED", "SEALED")
"""The fullest first: NAMED is there only where the rules of procedure allow it."""


@dataclass(frozen=True)
class Published:
    """An export: where it can be had, what it must hash to, and the key of all signatures.

    `verifier_*` is the script that verifies it, as it was published beside it.
    """

    level: str
    url: str
    sha256: str
    bytes: int
    close: str
    seal: str
    public_key: str
    verifier_url: str
    verifier_sha256: str
    expires_at: datetime
    legal_notice: str


@dataclass(frozen=True)
class Serial:
    """The number of a group's paper ballot."""

    group: str
    serial: str


@dataclass(frozen=True)
class Serials:
    """One page of them."""

    items: list[Serial]
    next: str | None
    legal_notice: str


def published(caller: Caller, vote_id: str) -> Published:
    """Return the fullest export there is.

    Raises NotFound `no_such_vote`, `vote_not_counted`: choices are sealed until then.
    """
    vote = _vote(caller, vote_id)
    row = CountRow.find(vote.vote_key)
    if row is None:
        raise NotFound("vote_not_counted", "该表决尚未计票")
    level = next(level for level in LEVELS if level in row.exports)
    kept = row.exports[level]
    return Published(
        level=level,
        url=archive.shown(kept["key"], SHOWN_FOR),
        sha256=kept["sha256"],
        bytes=kept["bytes"],
        close=row.result["close"],
        seal=kept["seal"],
        public_key=signatures.public_key(),
        verifier_url=archive.shown(kept["script"], SHOWN_FOR),
        verifier_sha256=kept["script_sha256"],
        expires_at=clock.now() + SHOWN_FOR,
        legal_notice=votes.legal_notice(vote),
    )


def upload(caller: Caller, vote_id: str, content_type: str, size: int, sha256: str) -> media.Upload:
    """Return a place for a scan of the caller's; raises NotFound `no_such_vote`."""
    vote = _vote(caller, vote_id)
    folder = f"{caller.community_id}/votes/{vote.vote_id}/{caller.subject_id}"
    return archive.granted(folder, content_type, size, sha256)


def serials(caller: Caller, vote_id: str, *, limit: int, after: str | None) -> Serials:
    """Return a page of the roll with its paper ballots' numbers, to scrutineers alone."""
    vote = _vote(caller, vote_id)
    papers.require_scrutineer(caller, vote)
    lines, following = cursor.page(
        RollLine.query,
        vote.vote_key,
        listing=f"serials/{vote.vote_key}",
        limit=limit,
        after=after,
    )
    items = [Serial(line.group, papers.serial(vote.vote_key, line.group)) for line in lines]
    return Serials(items, following, votes.legal_notice(vote))


def _vote(caller: Caller, vote_id: str) -> VoteRow:
    vote = VoteRow.find(caller.community_id, vote_id)
    if vote is None:
        raise casting.no_such_vote()
    return vote

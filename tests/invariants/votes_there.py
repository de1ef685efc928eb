"""A vote, what belongs to it, and a survey, in the foreign estate of the matrix."""

from typing import Any

from chalicelib.core import ids
from chalicelib.core.table import Row, tenant_key
from chalicelib.surveys.tables import Survey
from chalicelib.voting.tables.ballots import BallotRow, PaperRow, RemovalRow
from chalicelib.voting.tables.log import Checkpoint, CountRow, LogHead
from chalicelib.voting.tables.objections import Objection
from chalicelib.voting.tables.petitions import Petition
from chalicelib.voting.tables.rolls import Roll, RollLine, RollOwner, RollUnit
from chalicelib.voting.tables.slates import Bid, Candidacy, Committee, OptionRow, Slate
from chalicelib.voting.tables.votes import VoteRow
from chalicelib.voting.tables.waiting import CastRow

EXPORT = {"key": "there/votes/v/SEALED.json", "sha256": "0" * 64, "bytes": 1, "seal": "0" * 64}
EXPORT |= {"script": "there/votes/v/verify_vote.py", "script_sha256": "0" * 64}
SURVEY = {"asks": "RESIDENT", "per": "PERSON", "opens_at": 1, "audience": "committee"}
"""It is open, and was made by the committee."""

NAMES = {"group": "foreign-group"}
"""What a line of the roll is called by: no id of its own."""


def objects(community: str, who: str) -> list[tuple[type[Row], dict[str, Any]]]:
    """Return an open vote with one line, somebody's objection, and a petition."""
    vote = {
        "community_id": community,
        "vote_id": "foreign-vote",
        "state": "OPEN",
        "legal_mode": "CONSULTATIVE",
        "audience": "committee",
        "opens_on": "2026-12-08",
        "closes_on": "2026-12-22",
        "scrutineers": [who],
    }
    petition = {
        "community_id": community,
        "petition_id": "foreign-petition",
        "roll_id": "foreign-vote",
        "state": "OPEN",
        "convening_by": "HEADS",
    }
    return [
        (VoteRow, vote),
        (Petition, petition),
        *_of_a_roll(community, who),
        *_of_a_log(community, who),
        *_of_a_slate(community, who),
        (Survey, {"community_id": community, "survey_id": "foreign-survey", **SURVEY}),
    ]


def _of_a_roll(community: str, who: str) -> list[tuple[type[Row], dict[str, Any]]]:
    """Return the roll of the vote, whose one line is somebody's, and what they object to it."""
    key = tenant_key(community, "foreign-vote")
    line = {"community_id": community, "vote_id": "foreign-vote", "group": "foreign-group"}
    person = {"person_key": tenant_key(community, who)}
    objection = {
        "community_id": community,
        "vote_id": "foreign-vote",
        "objection_id": "foreign-objection",
        "person_id": who,
        "about": "ROLL",
        "state": "OPEN",
    }
    held = {"voters": [who], "owners": [who], "units": ["foreign-unit"]}
    return [
        (Roll, {"community_id": community, "roll_id": "foreign-vote", "state": "FROZEN"}),
        (RollUnit, {"vote_key": key, "unit_id": "foreign-unit"}),
        (RollLine, {"vote_key": key, **line, **held}),
        (RollOwner, {**person, **line, "line": "foreign-vote#foreign-group"}),
        (Objection, {"vote_key": key, **person, **objection}),
    ]


def _of_a_log(community: str, who: str) -> list[tuple[type[Row], dict[str, Any]]]:
    """Return the vote's log, published, in which somebody's one ballot stands."""
    key = tenant_key(community, "foreign-vote")
    vote = {"vote_key": key, "community_id": community, "vote_id": "foreign-vote"}
    line = {"vote_key": key, "group": "foreign-group"}
    said = {"type": "CAST", "channel": "ONLINE", "seq": 1, "by": who}
    said |= {"hash": "0" * 64, "commit": "0" * 64}
    cast = {"place": "DONE#foreign-cast", "cast_id": "foreign-cast", "server_time": 1}
    fields = {name: said[name] for name in ("type", "seq", "by", "hash", "commit")}
    return [
        (LogHead, {**vote, "hash": "0" * 64, "seq": 1}),
        (Checkpoint, {"vote_key": key, "hash": "0" * 64, "seq": 1}),
        (CountRow, {**vote, "result": {"close": "0" * 64}, "exports": {"SEALED": EXPORT}}),
        (BallotRow, {**line, **said}),
        (PaperRow, {**line, "state": "ENTERED", "scan_sha256": "0" * 64}),
        (RemovalRow, {**line, "of_seq": 1, "asked_by": who}),
        (CastRow, {**vote, **line, **fields, **cast}),
    ]


def _of_a_slate(community: str, who: str) -> list[tuple[type[Row], dict[str, Any]]]:
    """Return an open call, somebody who stands, a bid, an option that was noticed, a committee."""
    slate = {"community_id": community, "slate_id": "foreign-slate"}
    of = {"slate_key": tenant_key(community, "foreign-slate"), **slate, "state": "STANDING"}
    stands = {**of, "person_id": who, "person_key": tenant_key(community, who), "name": "候选"}
    own = ids.derived("cand", community, "foreign-slate", who)
    of_vote = {"vote_key": tenant_key(community, "foreign-vote"), "community_id": community}
    days = dict.fromkeys(("elected_on", "ends_on", "file_by"), "2026-12-08")
    committee = {"community_id": community, "committee_id": "foreign-committee", **days}
    content = {"name": "候选", "text": "x", "documents": []}
    call = {"filling": "COMMITTEE", "last_day": "2999-12-31", "audience": "committee"}
    elected = {"filling": "COMMITTEE", "legal_mode": "CONSULTATIVE", "state": "ELECTED"}
    return [
        (Slate, {**slate, **call}),
        (Candidacy, {**stands, "candidacy_id": "foreign-candidacy"}),
        (Candidacy, {**stands, "candidacy_id": own}),
        (Bid, {**of, "bid_id": "foreign-bid"}),
        (OptionRow, {**of_vote, "option_id": "foreign-option", "content": content}),
        (Committee, {**committee, **elected}),
    ]

"""What happened to votes, rolls, objections and petitions."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class RollAsked:
    """A roll is to be gathered and grouped, or to be gone on with at a step."""

    community_id: str
    roll_id: str
    step: int = 0


@dataclass(frozen=True)
class RollFrozen:
    """A roll is complete; `root` binds its lines. `area` is in 0.01 m²."""

    community_id: str
    roll_id: str
    root: str
    area: int
    heads: int
    frozen_at: datetime


@dataclass(frozen=True)
class VoteNoticed:
    """Owners, and at the same moment the residents' committee (居委会), are told of a vote."""

    community_id: str
    vote_id: str
    title: str
    opens_at: datetime
    closes_at: datetime
    noticed_at: datetime


@dataclass(frozen=True)
class VoteOpened:
    """Ballots are taken from now; `h0` binds vote, roll and rules."""

    community_id: str
    vote_id: str
    h0: str
    opened_at: datetime


@dataclass(frozen=True)
class VoteClosed:
    """No online ballot is taken any more; paper is entered until `paper_until`."""

    community_id: str
    vote_id: str
    closed_at: datetime
    paper_until: datetime


@dataclass(frozen=True)
class ResultPublished:
    """The result is published (公示); owners may object until `object_by`, a day."""

    community_id: str
    vote_id: str
    object_by: str
    published_at: datetime


@dataclass(frozen=True)
class VoteEnded:
    """A vote is FINAL or ANNULLED."""

    community_id: str
    vote_id: str
    state: str
    ended_at: datetime


@dataclass(frozen=True)
class ObjectionRaised:
    """An owner objects to a roll or to a result; the convener is to answer."""

    community_id: str
    vote_id: str
    objection_id: str
    about: str
    raised_at: datetime


@dataclass(frozen=True)
class ObjectionAnswered:
    """An objection was upheld or dismissed; its author is to be told."""

    community_id: str
    vote_id: str
    objection_id: str
    person_id: str
    state: str
    answered_at: datetime


@dataclass(frozen=True)
class PetitionReached:
    """Enough owners ask for a special meeting: the committee has to convene it (条例 13)."""

    community_id: str
    petition_id: str
    reached_at: datetime


@dataclass(frozen=True)
class BallotEntered:
    """A ballot has its place in the log: whose, how, and never what it says."""

    community_id: str
    vote_id: str
    group: str
    seq: int
    type: str
    channel: str
    entered_ms: int


@dataclass(frozen=True)
class ProxyGiven:
    """An owner has given somebody their voice in writing, or taken it back."""

    community_id: str
    vote_id: str
    group: str
    holder_id: str
    is_withdrawn: bool


@dataclass(frozen=True)
class CheckpointSigned:
    """Witnesses are to keep this of a log: its head, signed; the last one is the close."""

    community_id: str
    vote_id: str
    seq: int
    hash: str
    time_ms: int
    signature: str
    is_last: bool


@dataclass(frozen=True)
class VoteCounted:
    """A closed vote has been counted, and its log can be had by everybody."""

    community_id: str
    vote_id: str
    ballots: int
    closing_hash: str
    seal: str


@dataclass(frozen=True)
class SlateOpened:
    """Candidates, or bids, are called for until the end of `last_day`."""

    community_id: str
    slate_id: str
    filling: str
    title: str
    last_day: str
    opened_at: datetime


@dataclass(frozen=True)
class FlatNominated:
    """The owners of a flat were proposed; they say themselves whether one of them stands."""

    community_id: str
    slate_id: str
    unit_id: str
    nominated_at: datetime


@dataclass(frozen=True)
class CandidateStood:
    """Somebody stands for the committee."""

    community_id: str
    slate_id: str
    candidacy_id: str
    stood_at: datetime


@dataclass(frozen=True)
class CandidacyEnded:
    """Somebody withdrew, or was struck off and is to be told."""

    community_id: str
    slate_id: str
    candidacy_id: str
    person_id: str
    state: str


@dataclass(frozen=True)
class CommitteeElected:
    """A final vote elected these people (业主委员会), those of an earlier round among them.

    `to_fill` seats have nobody; `is_over` says that no run-off is to come. Days are China's;
    `file_by` is the last one for filing (条例 16). What it is worth `legal_mode` says.
    """

    community_id: str
    committee_id: str
    vote_id: str
    filling: str
    members: tuple[str, ...]
    to_fill: int
    is_over: bool
    ends_on: str
    file_by: str
    legal_mode: str
    elected_at: datetime


@dataclass(frozen=True)
class CommitteeAnnulled:
    """An election was annulled; `members` are those who sit by another round, if any."""

    community_id: str
    committee_id: str
    vote_id: str
    members: tuple[str, ...]


@dataclass(frozen=True)
class CompanySelected:
    """A final vote chose this bid of a property company (选聘); the contract is to follow."""

    community_id: str
    vote_id: str
    bid_id: str
    company_id: str
    legal_mode: str
    selected_at: datetime

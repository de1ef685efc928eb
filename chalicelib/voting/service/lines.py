"""What a roll says to people: their own line, everybody's rooms and areas, who casts for whom."""

from collections.abc import Iterable
from dataclasses import dataclass

from chalicelib.core import cursor, outbox
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Forbidden, NotFound, Unprocessable
from chalicelib.voting.service import votes
from chalicelib.voting.service.votes import State
from chalicelib.voting.tables.rolls import RollLine, RollOwner
from chalicelib.voting.tables.votes import VoteRow


@dataclass(frozen=True)
class LineView:
    """A line of the published roll: no names; `area` in 0.01 m², one head."""

    group: str
    rooms: list[str]
    units: list[str]
    area: int
    is_disputed: bool
    head: int = 1


@dataclass(frozen=True)
class LinePage:
    """One page of the published roll, ordered by group, with the root that binds it."""

    items: list[LineView]
    next: str | None
    roll_root: str | None
    legal_notice: str


@dataclass(frozen=True)
class OwnLine:
    """A line that is the caller's: whether they cast its ballot, and how many others may."""

    line: LineView
    may_cast: bool
    owners: int
    named_by_me: str | None
    is_named: bool


@dataclass(frozen=True)
class OwnLines:
    """The caller's lines in a vote; none for who owned nothing at the record date."""

    vote_id: str
    items: list[OwnLine]
    roll_root: str | None
    legal_notice: str


def published(caller: Caller, vote_id: str, *, limit: int, after: str | None) -> LinePage:
    """Return one page of the roll to a resident; raises NotFound `no_such_vote`."""
    return _page(votes.noticed(caller.community_id, vote_id), limit=limit, after=after)


def for_staff(
    caller: Caller, community_id: str | None, vote_id: str, *, limit: int, after: str | None
) -> LinePage:
    """Return one page of the roll to committee or officers; raises NotFound `no_such_vote`."""
    return _page(votes.in_sight(caller, community_id, vote_id), limit=limit, after=after)


def own(caller: Caller, vote_id: str) -> OwnLines:
    """Return the caller's lines as they stood at the record date; two reads besides the vote.

    Raises NotFound `no_such_vote`.
    """
    vote = votes.noticed(caller.community_id, vote_id)
    found = of_person(vote, caller.subject_id)
    items = [_own(line, caller.subject_id) for line in found]
    return OwnLines(vote_id, items, vote.roll_root, votes.legal_notice(vote))


def of_person(vote: VoteRow, person_id: str) -> list[RollLine]:
    """Return the lines of a vote that concern a person, ordered by group; two reads."""
    groups = RollOwner.lines(vote.community_id, person_id, vote.vote_id)
    keys = [(vote.vote_key, group) for group in groups]
    found = RollLine.batch_get(keys, consistent_read=True) if keys else []
    return sorted(found, key=lambda line: line.group)


def name_voter(caller: Caller, vote_id: str, group: str, person_id: str) -> OwnLine:
    """Name, as one of several owners, who is to cast the ballot: one of them.

    It holds once all have named the same. Raises NotFound `no_such_vote`, `no_such_group`,
    Forbidden `not_an_owner`, Unprocessable `vote_not_in_that_state`, `voter_not_an_owner`.
    """
    vote = votes.noticed(caller.community_id, vote_id)
    votes.require_state(vote, State.NOTICED)
    line = RollLine.find(vote.vote_key, group)
    if line is None or caller.subject_id not in {*line.owners, *line.voters}:
        raise no_such_group()
    people = _people(line.owners)
    if caller.subject_id not in people:
        raise Forbidden("not_an_owner", "只有共有人可以推选投票人")
    if person_id not in people:
        raise Unprocessable("voter_not_an_owner", "投票人须为共有人之一")
    line.namings = {**line.namings, caller.subject_id: person_id}
    signing = set(line.voters) - people
    agreed = len(line.namings) == len(people) and len(set(line.namings.values())) == 1
    line.voters = sorted(signing | ({person_id} if agreed else people))
    shown = _own(line, caller.subject_id)
    still = VoteRow.state == State.NOTICED.value
    given = [outbox.Given(VoteRow, vote.community_id, vote_id, still)]
    outbox.commit(line, given=given, answer=shown)
    return shown


def no_such_group() -> NotFound:
    """Return the refusal of a line that is not the caller's."""
    return NotFound("no_such_group", "名册中没有您的这一行")


def _page(vote: VoteRow, *, limit: int, after: str | None) -> LinePage:
    rows, following = cursor.page(
        RollLine.query, vote.vote_key, listing=f"roll/{vote.vote_key}", limit=limit, after=after
    )
    items = [_view(row) for row in rows]
    return LinePage(items, following, vote.roll_root, votes.legal_notice(vote))


def _view(line: RollLine) -> LineView:
    area = int(line.area)
    return LineView(line.group, list(line.rooms), list(line.units), area, line.is_disputed)


def _own(line: RollLine, person_id: str) -> OwnLine:
    people = _people(line.owners)
    named = line.namings.get(person_id)
    agreed = len(people) > 1 and len(line.namings) == len(people)
    is_named = agreed and len(set(line.namings.values())) == 1
    return OwnLine(_view(line), line.may_cast(person_id), len(line.owners), named, is_named)


def _people(owners: Iterable[str]) -> set[str]:
    return {owner for owner in owners if ":" not in owner}

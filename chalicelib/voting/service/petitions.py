"""Use cases of petitions: a fifth of the owners forces a special meeting (条例 13)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.assemblies.public import procedure
from chalicelib.core import clock, cursor, ids, outbox
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Conflict, Forbidden, NotFound, Unprocessable
from chalicelib.core.table import Row, tenant_key
from chalicelib.identity import public as identity
from chalicelib.voting.events import PetitionReached, RollAsked
from chalicelib.voting.service import rolls
from chalicelib.voting.tables.bylaws import Bylaws
from chalicelib.voting.tables.petitions import Petition, Signature
from chalicelib.voting.tables.rolls import Roll, RollLine, RollOwner, RollState
from chalicelib.voting.tables.votes import VoteRow

LASTS = timedelta(days=60)
"""How long signatures are collected: as long as the longest vote."""

TRIES = 5
"""How often a signature is tried that another one overtook."""

OPEN, REACHED, CONVENED = "OPEN", "REACHED", "CONVENED"
HEADS = "HEADS"


@dataclass(frozen=True)
class PetitionWish:
    """What owners are asked to sign: what the meeting is to decide, and why."""

    title: str
    reason: str
    matters: tuple[str, ...]


@dataclass(frozen=True)
class PetitionView:
    """A petition and how far it is: heads and area (0.01 m²) of who signed, and of the roll.

    `is_ready` is false while the roll that it is measured against is being made.
    """

    petition_id: str
    title: str
    reason: str
    matters: list[str]
    state: str
    convening_by: str
    heads: int
    area: int
    roll_heads: int
    roll_area: int
    is_ready: bool
    opened_at: datetime
    ends_at: datetime
    reached_at: datetime | None
    vote_id: str | None


@dataclass(frozen=True)
class OwnGroups:
    """The lines of the roll for which somebody may sign."""

    groups: list[str]


@dataclass(frozen=True)
class PetitionPage:
    """One page of petitions, the newest first."""

    items: list[PetitionView]
    next: str | None


def petition(caller: Caller, wish: PetitionWish) -> PetitionView:
    """Open a petition, as an owner; measured against the owners of this month.

    Raises Forbidden `not_an_owner`.
    """
    community_id, at = caller.community_id, clock.now()
    if not identity.owns_here(community_id, caller.subject_id):
        raise Forbidden("not_an_owner", "只有业主可以发起")
    roll_id = f"owners-{procedure.day_of(at):%Y-%m}"
    roll = Roll.find(community_id, roll_id)
    row = Petition(
        community_id=community_id,
        petition_id=ids.new_id("pet"),
        roll_id=roll_id,
        title=wish.title,
        reason=wish.reason,
        matters=list(wish.matters),
        state=OPEN,
        convening_by=Bylaws.of(community_id).convening_by,
        opened_by=caller.subject_id,
        opened_at=clock.epoch_ms(at),
        ends_at=clock.epoch_ms(at + LASTS),
    )
    shown = _view(row, roll)
    new: Sequence[Row] = ()
    events: Sequence[RollAsked] = ()
    if roll is None or roll.state == RollState.FAULTY:
        estate = identity.standing_at(community_id, "")
        new = (rolls.asked(community_id, roll_id, [estate], "INCLUDE"),)
        events = (RollAsked(community_id, roll_id),)
    outbox.commit(row, *new, events=events, answer=shown)
    return shown


def sign(caller: Caller, petition_id: str, group: str) -> PetitionView:
    """Sign for one's head group: each counts once, with the roll's area and one head.

    Raises NotFound `no_such_petition`, `no_such_group`, Unprocessable `petition_over`,
    `roll_not_frozen`, Conflict `already_signed`.
    """
    for attempt in range(TRIES):
        try:
            return _sign(caller, petition_id, group)
        except Conflict as lost:
            if lost.code != "lost_race" or attempt == TRIES - 1:
                raise
    raise AssertionError("the last try raises or returns")


def _sign(caller: Caller, petition_id: str, group: str) -> PetitionView:
    row, at = _found(caller.community_id, petition_id), clock.now()
    if row.state == CONVENED or clock.epoch_ms(at) >= row.ends_at:
        raise Unprocessable("petition_over", "该联名申请已结束")
    roll = Roll.find(row.community_id, row.roll_id)
    if roll is None or roll.state != RollState.FROZEN:
        raise Unprocessable("roll_not_frozen", "业主名册尚未生成，请稍后再试")
    line = RollLine.find(roll.key, group)
    if line is None or not line.may_cast(caller.subject_id):
        raise NotFound("no_such_group", "名册中没有您的这一行")
    key = tenant_key(row.community_id, petition_id)
    if Signature.find(key, group) is not None:
        raise Conflict("already_signed", "该户已经联名")
    row.heads, row.area = int(row.heads) + 1, int(row.area) + int(line.area)
    row.roll_heads, row.roll_area = roll.heads, roll.area
    reached = row.state == OPEN and _is_enough(row)
    if reached:
        row.state, row.reached_at = REACHED, clock.epoch_ms(at)
    signature = Signature(
        petition_key=key,
        group=group,
        petition_id=petition_id,
        person_id=caller.subject_id,
        person_key=tenant_key(row.community_id, caller.subject_id),
        area=line.area,
        at=clock.epoch_ms(at),
    )
    shown = _view(row, roll)
    events = (PetitionReached(row.community_id, petition_id, at),) if reached else ()
    outbox.commit(row, signature, events=events, answer=shown)
    return shown


def _is_enough(row: Petition) -> bool:
    if row.convening_by == HEADS:
        return procedure.may_convene(int(row.heads), int(row.roll_heads))
    return procedure.may_convene(int(row.area), int(row.roll_area))


def own_groups(caller: Caller, petition_id: str) -> OwnGroups:
    """Return the head groups that are the caller's; raises NotFound `no_such_petition`."""
    row = _found(caller.community_id, petition_id)
    return OwnGroups(RollOwner.lines(row.community_id, caller.subject_id, row.roll_id))


def show(community_id: str, petition_id: str) -> PetitionView:
    """Show a petition; raises NotFound `no_such_petition`."""
    row = _found(community_id, petition_id)
    return _view(row, Roll.find(community_id, row.roll_id))


def listed(community_id: str, *, limit: int, after: str | None) -> PetitionPage:
    """Return one page of an estate's petitions, the newest first."""
    rows, following = cursor.page(
        Petition.query,
        community_id,
        scan_index_forward=False,
        listing=f"petitions/{community_id}",
        limit=limit,
        after=after,
    )
    rolled = {row.roll_id: Roll.find(community_id, row.roll_id) for row in rows}
    return PetitionPage([_view(row, rolled[row.roll_id]) for row in rows], following)


def listed_in_sight(
    caller: Caller, community_id: str | None, *, limit: int, after: str | None
) -> PetitionPage:
    """Return one page of the petitions of an estate in the caller's sight."""
    community_id = identity.estate_in_sight(caller, community_id)
    return listed(community_id, limit=limit, after=after)


def reached(community_id: str, petition_id: str | None) -> str | None:
    """Return the petition that a draft answers, if it names one.

    Raises NotFound `no_such_petition`, Unprocessable `petition_not_reached`.
    """
    if petition_id is None:
        return None
    if _found(community_id, petition_id).state != REACHED:
        raise Unprocessable("petition_not_reached", "联名业主未达到五分之一，或已召集会议")
    return petition_id


def convened_by(vote: VoteRow) -> list[Row]:
    """Return the row of the petition that a noticed vote answers, convened."""
    if not vote.petition_id:
        return []
    reached(vote.community_id, vote.petition_id)
    row = _found(vote.community_id, vote.petition_id)
    row.state, row.vote_id = CONVENED, vote.vote_id
    return [row]


def _found(community_id: str, petition_id: str) -> Petition:
    row = Petition.find(community_id, petition_id)
    if row is None:
        raise NotFound("no_such_petition", "没有找到该联名申请")
    return row


def _view(row: Petition, roll: Roll | None) -> PetitionView:
    ready = roll is not None and roll.state == RollState.FROZEN
    reached_at = clock.from_epoch_ms(int(row.reached_at)) if row.reached_at else None
    return PetitionView(
        petition_id=row.petition_id,
        title=row.title,
        reason=row.reason,
        matters=list(row.matters),
        state=row.state,
        convening_by=row.convening_by,
        heads=int(row.heads),
        area=int(row.area),
        roll_heads=int(roll.heads) if roll and ready else 0,
        roll_area=int(roll.area) if roll and ready else 0,
        is_ready=ready,
        opened_at=clock.from_epoch_ms(int(row.opened_at)),
        ends_at=clock.from_epoch_ms(int(row.ends_at)),
        reached_at=reached_at,
        vote_id=row.vote_id,
    )

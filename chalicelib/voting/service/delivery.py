"""Use cases of delivery: how the ballot reached each unit, proof by proof (LAW.md 1.3, 1.4)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from chalicelib.assemblies.public import procedure
from chalicelib.core import clock, cursor, outbox
from chalicelib.core.auth import Caller
from chalicelib.core.errors import NotFound, Unprocessable
from chalicelib.voting.service import lines, rolls, votes
from chalicelib.voting.service.votes import State
from chalicelib.voting.tables.deliveries import DeliveryRow
from chalicelib.voting.tables.rolls import RollUnit
from chalicelib.voting.tables.votes import VoteRow

Delivery = procedure.Delivery
PUTS = 25
BY_STAFF = frozenset(Delivery) - {Delivery.OPENED_BY_OWNER}
"""What staff can record; that an owner opened the vote is said by the owner's own app."""


@dataclass(frozen=True)
class Proof:
    """One proof that a ballot reached a unit; `is_effective` where silence has a meaning."""

    unit_id: str
    kind: Delivery
    is_effective: bool
    evidence_sha256: str
    at: datetime


@dataclass(frozen=True)
class UnitDelivery:
    """A unit of the roll and the kinds of proof that there are of it."""

    unit_id: str
    room: str
    kinds: list[Delivery]
    is_delivered: bool


@dataclass(frozen=True)
class DeliveryPage:
    """One page of the units of a roll, ordered by id, with what reached them."""

    items: list[UnitDelivery]
    next: str | None


@dataclass(frozen=True)
class Opened:
    """The units for which it is on record that an owner opened the vote."""

    vote_id: str
    unit_ids: list[str]
    legal_notice: str


def acknowledge(caller: Caller, vote_id: str) -> Opened:
    """Put on record that an owner opened the vote in their app: for each of their units.

    Said again it changes nothing. Raises NotFound `no_such_vote`, `no_such_group` for who is
    not on the roll (a tenant's look is no delivery), Unprocessable `vote_not_in_that_state`.
    """
    vote = votes.noticed(caller.community_id, vote_id)
    votes.require_state(vote, State.NOTICED, State.OPEN)
    units = [unit for line in lines.of_person(vote, caller.subject_id) for unit in line.units]
    if not units:
        raise lines.no_such_group()
    rows = [_row(vote, unit, Delivery.OPENED_BY_OWNER, caller.subject_id) for unit in units]
    for start in range(0, len(rows), PUTS):
        for done in outbox.put_each(rows[start : start + PUTS]):
            if isinstance(done, BaseException):
                raise done
    return Opened(vote_id, units, votes.legal_notice(vote))


def record(
    caller: Caller,
    community_id: str | None,
    vote_id: str,
    proof: tuple[str, Delivery],
    *,
    evidence_sha256: str = "",
    note: str = "",
) -> Proof:
    """Put on record how a ballot reached a unit, or that it was put up for who is not found.

    Raises NotFound `no_such_vote`, `no_such_unit`, Unprocessable `vote_not_in_that_state`,
    `delivery_evidence` for a signature without its scan, `delivery_by_owner`, Conflict
    `lost_race` for a proof that is there.
    """
    unit_id, kind = proof
    vote = votes.convened(caller, community_id, vote_id)
    votes.require_state(vote, State.NOTICED, State.OPEN)
    if kind not in BY_STAFF:
        raise Unprocessable("delivery_by_owner", "业主本人查阅由系统自动记录")
    if kind is Delivery.SIGNED and not evidence_sha256:
        raise Unprocessable("delivery_evidence", "签收须上传签收单")
    if RollUnit.find(vote.vote_key, unit_id) is None:
        raise NotFound("no_such_unit", "名册中没有该房屋")
    row = _row(vote, unit_id, kind, caller.subject_id)
    row.evidence_sha256, row.note = evidence_sha256, note
    shown = _proof(row)
    outbox.commit(row, answer=shown)
    return shown


def listed(
    caller: Caller, community_id: str | None, vote_id: str, *, limit: int, after: str | None
) -> DeliveryPage:
    """Return one page of the roll's units and what reached them; two reads.

    Raises NotFound `no_such_vote`.
    """
    vote = votes.in_sight(caller, community_id, vote_id)
    units, following = cursor.page(
        RollUnit.query,
        vote.vote_key,
        listing=f"deliveries/{vote.vote_key}",
        limit=limit,
        after=after,
    )
    keys = [(vote.vote_key, f"{unit.unit_id}#{kind}") for unit in units for kind in Delivery]
    proofs: dict[str, list[Delivery]] = {unit.unit_id: [] for unit in units}
    for row in DeliveryRow.batch_get(keys) if keys else ():
        proofs[row.unit_id].append(Delivery(row.kind))
    items = [
        UnitDelivery(unit.unit_id, unit.room, sorted(kinds), _is_effective(kinds))
        for unit in units
        for kinds in [proofs[unit.unit_id]]
    ]
    return DeliveryPage(items, following)


def delivered(vote: VoteRow) -> list[str]:
    """Return the groups that effectively received their ballot: one of their units did."""
    effective = {
        row.unit_id
        for row in DeliveryRow.query(vote.vote_key, consistent_read=True)
        if Delivery(row.kind) in procedure.EFFECTIVE
    }
    found = rolls.lines_of(vote.vote_key) if effective else ()
    return [line.group for line in found if not effective.isdisjoint(line.units)]


def _is_effective(kinds: Iterable[Delivery]) -> bool:
    return not procedure.EFFECTIVE.isdisjoint(kinds)


def _row(vote: VoteRow, unit_id: str, kind: Delivery, person_id: str) -> DeliveryRow:
    return DeliveryRow(
        vote_key=vote.vote_key,
        proof=f"{unit_id}#{kind.value}",
        unit_id=unit_id,
        kind=kind.value,
        person_id=person_id,
        at=clock.epoch_ms(clock.now()),
    )


def _proof(row: DeliveryRow) -> Proof:
    kind = Delivery(row.kind)
    return Proof(
        row.unit_id,
        kind,
        kind in procedure.EFFECTIVE,
        row.evidence_sha256,
        clock.from_epoch_ms(int(row.at)),
    )

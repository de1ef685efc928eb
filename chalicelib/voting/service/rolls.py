"""Use cases of rolls: frozen step by step, published, corrected by objections, never by sales."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice

from chalicelib.assemblies.public import procedure
from chalicelib.ballot_log.public import canon
from chalicelib.core import clock, outbox
from chalicelib.core.table import Row
from chalicelib.identity import public as identity
from chalicelib.voting import rules
from chalicelib.voting.events import RollAsked, RollFrozen
from chalicelib.voting.service.counting import roll_lines
from chalicelib.voting.service.votes import State
from chalicelib.voting.tables.rolls import (
    Roll,
    RollLine,
    RollState,
    RollUnit,
    owners_of,
)
from chalicelib.voting.tables.votes import VoteRow

AT_ONCE = 90
"""Rows of one transaction, which has room for 100."""

STEPS = 100
"""Transactions of one run: a minute or two; what is left goes on with the next event."""

MOST_FAULTS = 50
MOST_UNITS = 9_000
"""Of one head group: its row has to stay below 400 kB."""

DONE = frozenset({RollState.FROZEN, RollState.FAULTY})
Groups = Sequence[rules.HeadGroup]


@dataclass(frozen=True)
class RollView:
    """A roll and how far it is; `faults` are units that no roll can have."""

    roll_id: str
    state: RollState
    record_on: date | None
    root: str | None
    area: int
    heads: int
    units: int
    faults: list[dict[str, str]]


def asked(community_id: str, roll_id: str, paths: Sequence[str], parking: str) -> Roll:
    """Return the row of a roll that is to be gathered, anew if there is one already."""
    roll = Roll.find(community_id, roll_id) or Roll(community_id=community_id, roll_id=roll_id)
    roll.state, roll.after = RollState.CLEARING.value, None
    roll.paths, roll.parking = list(paths), parking
    roll.record_on = roll.root = roll.frozen_at = None
    roll.area = roll.heads = roll.units = roll.steps = 0
    roll.faults = []
    return roll


def freeze(said: RollAsked) -> None:
    """Go on with a roll until it is frozen, or for `STEPS` transactions and an event.

    Called again it goes on where it was. Raises Conflict `lost_race` if another run is at it:
    the message comes again and finds it done.
    """
    left = STEPS
    while left > 0:
        roll = Roll.find(said.community_id, said.roll_id)
        if roll is None or RollState(roll.state) in DONE:
            return
        left -= _STEP[RollState(roll.state)](roll, left)
    outbox.commit(events=(RollAsked(said.community_id, said.roll_id, said.step + 1),))


def view(roll: Roll) -> RollView:
    """Return a roll as its convener sees it."""
    return RollView(
        roll.roll_id,
        RollState(roll.state),
        date.fromisoformat(roll.record_on) if roll.record_on else None,
        roll.root,
        int(roll.area),
        int(roll.heads),
        int(roll.units),
        list(roll.faults),
    )


def lines_of(key: str) -> Iterator[RollLine]:
    """Yield every line of a frozen roll, ordered by group."""
    yield from RollLine.query(key, consistent_read=True)


def _clear(roll: Roll, _left: int) -> int:
    """Delete what an earlier freeze left, the units last; one transaction."""
    if not _ungrouped(roll, RollState.CLEARING):
        units = list(RollUnit.query(roll.key, limit=AT_ONCE, consistent_read=True))
        if not units:
            roll.state, roll.after = RollState.GATHERING.value, None
        _save(roll, deletes=units)
    return 1


def _ungroup(roll: Roll, _left: int) -> int:
    """Delete the lines, and keep the units: one of them was corrected; one transaction."""
    if not _ungrouped(roll, RollState.UNGROUPING):
        roll.state, roll.after = RollState.GROUPING.value, None
        _save(roll)
    return 1


def _ungrouped(roll: Roll, state: RollState) -> bool:
    """Delete some lines with what leads to them; False if there are none."""
    gone: list[Row] = []
    for line in RollLine.query(roll.key, limit=AT_ONCE, consistent_read=True):
        leading = owners_of(line)
        if gone and len(gone) + len(leading) >= AT_ONCE:
            break
        for row in leading:
            row.version = 1  # as it was written: nobody changes it
        gone += [line, *leading]
    if gone:
        roll.state = state.value
        _save(roll, deletes=gone)
    return bool(gone)


def _gather(roll: Roll, _left: int) -> int:
    """Take up some units as they stand today; one transaction."""
    roll.record_on = roll.record_on or procedure.day_of(clock.now()).isoformat()
    parts, last = identity.parts_under(
        roll.community_id, roll.paths, limit=AT_ONCE, after=roll.after
    )
    units = [_unit(roll, part) for part in parts]
    faults = [_fault(unit) for unit in units if not unit.area]
    roll.faults = [*roll.faults, *faults][:MOST_FAULTS]
    roll.units, roll.after = int(roll.units) + len(units), last
    if last is None:
        roll.state = (RollState.FAULTY if roll.faults else RollState.GROUPING).value
    _save(roll, *units)
    return 1


def _unit(roll: Roll, part: identity.Part) -> RollUnit:
    areas = {source: part.areas[source] for source in procedure.AreaSource if source in part.areas}
    area, source = procedure.area_of(areas) or (0, "")
    company = f"company:{part.company_id}" if part.company_id else ""
    sold = part.holding == rules.Holding.OWNED
    people = list(part.owners) if sold else []
    owners = [*people, *([company] if company else [])] or [f"unknown:{part.unit_id}"]
    return RollUnit(
        vote_key=roll.key,
        unit_id=part.unit_id,
        room=part.room,
        area=area,
        area_source=str(source),
        owners=owners,
        voters=[*people, *([part.representative] if company and part.representative else [])],
        holding=part.holding,
        developer="" if sold else company,
        is_parking=part.is_parking,
        is_disputed=part.is_disputed,
    )


def _fault(unit: RollUnit) -> dict[str, str]:
    return {"unit_id": unit.unit_id, "room": unit.room, "code": "unit_without_area"}


def _group(roll: Roll, left: int) -> int:
    """Write the lines that are missing, and freeze the roll when all are there."""
    units = {row.unit_id: row for row in RollUnit.query(roll.key, consistent_read=True)}
    parking = rules.Parking(roll.parking)
    groups = rules.head_groups(map(_as_known, units.values()), parking=parking)
    if code := _refusal(groups):
        roll.state = RollState.FAULTY.value
        roll.faults = [{"unit_id": "", "room": "", "code": code}]
        _save(roll)
        return 1
    after = roll.after or ""
    missing = [group for group in groups if group.group > after]
    written = 0
    for rows in islice(_packed(roll, missing, units), left):
        lines = [row for row in rows if isinstance(row, RollLine)]
        roll.after = lines[-1].group
        _save(roll, *rows)
        written += 1
    if roll.after == groups[-1].group and written < left:
        _finish(roll, groups)
    return written + 1


def _as_known(row: RollUnit) -> rules.Unit:
    return rules.Unit(
        row.unit_id,
        int(row.area),
        frozenset(row.owners),
        rules.Holding(row.holding),
        row.developer,
        is_parking=row.is_parking,
        is_disputed=row.is_disputed,
    )


def _refusal(groups: Groups) -> str | None:
    if not groups:
        return "roll_empty"
    most = max(len(group.units) for group in groups)
    return "roll_group_too_large" if most > MOST_UNITS else None


def _packed(roll: Roll, groups: Groups, units: Mapping[str, RollUnit]) -> Iterator[list[Row]]:
    """Yield the rows of the lines in packs of one transaction; a line is never torn."""
    pack: list[Row] = []
    for group in groups:
        line = _line(roll, group, units)
        rows = [line, *owners_of(line)]
        if pack and len(pack) + len(rows) > AT_ONCE:
            yield pack
            pack = []
        pack += rows
    if pack:
        yield pack


def _line(roll: Roll, group: rules.HeadGroup, units: Mapping[str, RollUnit]) -> RollLine:
    held = [units[unit_id] for unit_id in group.units]
    return RollLine(
        vote_key=roll.key,
        group=group.group,
        community_id=roll.community_id,
        vote_id=roll.roll_id,
        units=list(group.units),
        rooms=[unit.room for unit in held],
        area=group.area,
        voters=sorted({voter for unit in held for voter in unit.voters}),
        owners=sorted(group.owners),
        is_disputed=group.is_disputed,
    )


def _finish(roll: Roll, groups: Groups) -> None:
    """Freeze a roll; a vote that was noticed by it, and is not open yet, has the new root."""
    at, whole = clock.now(), rules.roll_of(groups)
    roll.root = canon.roll_root(roll_lines(groups))
    roll.area, roll.heads = whole.area, whole.heads
    roll.state, roll.frozen_at = RollState.FROZEN.value, clock.epoch_ms(at)
    vote = VoteRow.find(roll.community_id, roll.roll_id)
    if vote is not None and vote.stands() is State.NOTICED:
        vote.roll_root, vote.roll_area, vote.roll_heads = roll.root, roll.area, roll.heads
    frozen = RollFrozen(roll.community_id, roll.roll_id, roll.root, whole.area, whole.heads, at)
    outbox.commit(*(row for row in (roll, vote) if row is not None), events=(frozen,))


def _save(roll: Roll, *rows: Row, deletes: Sequence[Row] = ()) -> None:
    """Write a step's rows and where the roll is, or neither."""
    roll.steps = int(roll.steps) + 1
    outbox.commit(roll, *rows, deletes=deletes)


_STEP: Mapping[RollState, Callable[[Roll, int], int]] = {
    RollState.CLEARING: _clear,
    RollState.GATHERING: _gather,
    RollState.UNGROUPING: _ungroup,
    RollState.GROUPING: _group,
}

"""Use cases of titles: whose each flat is, for those who call owners together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from chalicelib.core import clock, outbox
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Unprocessable
from chalicelib.core.paths import within
from chalicelib.identity.rules.people import OWNING, Tie
from chalicelib.identity.rules.titles import REFUSALS, AreaSource, Holding, title_refusal
from chalicelib.identity.service import organisation, people, sight
from chalicelib.identity.service.visibility import shown
from chalicelib.identity.tables.organisation import Unit
from chalicelib.identity.tables.people import Residency
from chalicelib.identity.tables.titles import Title


@dataclass(frozen=True)
class TitleWish:
    """What is to be entered of a flat; areas in 0.01 m²."""

    unit_id: str
    holding: Holding = Holding.OWNED
    areas: Mapping[AreaSource, int] = field(default_factory=dict)
    company_id: str = ""
    company: str = ""
    representative: str = ""
    is_parking: bool = False
    is_disputed: bool = False


@dataclass(frozen=True)
class Entered:
    """The flats whose titles were entered."""

    community_id: str
    unit_ids: list[str]


@dataclass(frozen=True)
class Part:
    """An exclusive part (专有部分) with its owners; areas in 0.01 m² by source.

    `owners` are people; a company is `company_id` beside them, and `representative` is who
    signs for it. A flat without an entered area has that of the estate's own list, which is
    the weakest source there is.
    """

    unit_id: str
    room: str
    path: str
    areas: Mapping[str, int]
    owners: tuple[str, ...]
    holding: str
    company_id: str
    representative: str
    is_parking: bool
    is_disputed: bool


def enter(caller: Caller, community_id: str | None, wishes: Sequence[TitleWish]) -> Entered:
    """Enter the titles of some flats, in the place of what was entered before.

    Raises NotFound `no_such_person`, `no_such_community`, Unprocessable `no_such_unit`,
    `unit_twice`, `company_id_invalid`, `developer_required`.
    """
    community_id = sight.community_in_sight(caller, community_id)
    for wish in wishes:
        if code := title_refusal(wish.holding, wish.company_id):
            raise Unprocessable(code, REFUSALS[code])
        if wish.representative:
            people.person_of(community_id, wish.representative)
    if len({wish.unit_id for wish in wishes}) < len(wishes):
        raise Unprocessable("unit_twice", "同一房屋填写了两次")
    keys = [(community_id, wish.unit_id) for wish in wishes]
    there = {unit.unit_id for unit in shown(Unit.batch_get(keys, consistent_read=True))}
    if not there.issuperset(wish.unit_id for wish in wishes):
        raise Unprocessable("no_such_unit", "没有找到其中的房屋")
    before = {row.unit_id: row for row in Title.batch_get(keys, consistent_read=True)}
    rows = [_row(caller, community_id, wish, before.get(wish.unit_id)) for wish in wishes]
    entered = Entered(community_id, [wish.unit_id for wish in wishes])
    outbox.commit(*rows, answer=entered)
    return entered


def _row(caller: Caller, community_id: str, wish: TitleWish, before: Title | None) -> Title:
    row = before or Title(community_id=community_id, unit_id=wish.unit_id)
    row.holding = wish.holding.value
    row.areas = {source.value: area for source, area in wish.areas.items()}
    row.company_id, row.company = wish.company_id, wish.company
    row.representative = wish.representative
    row.is_parking, row.is_disputed = wish.is_parking, wish.is_disputed
    row.set_by, row.set_at = caller.subject_id, clock.epoch_ms(clock.now())
    return row


def parts_under(
    community_id: str, paths: Sequence[str], *, limit: int, after: str | None
) -> tuple[list[Part], str | None]:
    """Return the exclusive parts below nodes of an estate, ordered by id, and where to go on.

    At most `limit` flats are looked at: one read for the estate, one for them, one for each
    hundred titles, one for the ties of each flat that lies below.
    """
    estate = organisation.path_of(community_id)
    following = Unit.unit_id > after if after else None
    found = Unit.query(community_id, following, limit=limit, consistent_read=True)
    looked = list(found)
    last = looked[-1].unit_id if found.last_evaluated_key and looked else None
    for unit in looked:
        unit.path = unit.path or f"{estate}/{unit.unit_id}"
    units = [unit for unit in shown(looked) if any(within(str(unit.path), at) for at in paths)]
    titles = {
        row.unit_id: row
        for row in Title.batch_get(
            [(community_id, unit.unit_id) for unit in units], consistent_read=True
        )
    }
    return [_part(unit, titles.get(unit.unit_id)) for unit in units], last


def owns_here(community_id: str, person_id: str) -> bool:
    """Return whether a person owns a flat of an estate, as far as identity knows."""
    ties = people.ties_of(community_id, person_id)
    return any(Tie(tie.tie) in OWNING for tie in ties)


def _part(unit: Unit, title: Title | None) -> Part:
    ties = people.residencies(unit.community_id, unit.unit_id)
    areas = {AreaSource.CONTRACT.value: int(unit.area)} if unit.area else {}
    areas |= {source: int(area) for source, area in (title.areas if title else {}).items()}
    return Part(
        unit_id=unit.unit_id,
        room=unit.name,
        path=str(unit.path),
        areas=areas,
        owners=tuple(sorted(_owners(ties))),
        holding=title.holding if title else Holding.OWNED.value,
        company_id=title.company_id if title else "",
        representative=title.representative if title else "",
        is_parking=bool(title and title.is_parking),
        is_disputed=bool(title and title.is_disputed),
    )


def _owners(ties: Sequence[Residency]) -> list[str]:
    return [tie.person_id for tie in ties if Tie(tie.tie) in OWNING]

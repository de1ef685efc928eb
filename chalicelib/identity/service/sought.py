"""Whom an authority asks for: a person by id, phone or ID number, or who lives in a flat."""

from dataclasses import dataclass

from chalicelib.core import sealing
from chalicelib.core.errors import NotFound, Unprocessable
from chalicelib.identity.rules.privacy import masked
from chalicelib.identity.service import organisation, people
from chalicelib.identity.tables.people import Person


@dataclass(frozen=True)
class Flat:
    """A flat as people say where it is."""

    building: str
    entrance: str
    room: str


@dataclass(frozen=True)
class Sought:
    """Exactly one of these says who is meant."""

    subject_id: str | None = None
    phone: str | None = None
    id_number: str | None = None
    flat: Flat | None = None


def found(community_id: str, sought: Sought) -> tuple[str, list[str]]:
    """Return in words who is asked for, numbers masked, and whom that is now.

    Nobody is an answer as any other: asking must not tell who lives here. Raises
    Unprocessable `one_subject`, NotFound `no_such_person` for an id, which only we give.
    """
    given = {kind: what for kind, what in vars(sought).items() if what}
    if len(given) != 1:
        raise Unprocessable("one_subject", "须且只须指明人员编号、手机号、身份证号、房屋之一")
    ((kind, what),) = given.items()
    if kind == "flat":
        return f"flat {what.building}{what.entrance}{what.room}", _at_home(community_id, what)
    if kind == "subject_id":
        people.person_of(community_id, what)
        return f"person {what}", [what]
    rows = _by_phone(community_id, what) if kind == "phone" else _by_id(community_id, what)
    return f"{kind} {masked(kind, sealing.normal(kind, what))}", rows


def _at_home(community_id: str, flat: Flat) -> list[str]:
    unit_id = organisation.unit_id_at(community_id, flat.building, flat.entrance, flat.room)
    try:
        organisation.unit(community_id, unit_id)
    except NotFound:
        return []
    return sorted(tie.person_id for tie in people.residencies(community_id, unit_id))


def _by_phone(community_id: str, phone: str) -> list[str]:
    claims = people.persons_by_phone(sealing.index("phone", phone))
    return [claim.person_id for claim in claims if claim.community_id == community_id]


def _by_id(community_id: str, id_number: str) -> list[str]:
    index = sealing.index("id_number", id_number)
    hits = Person.by_id.query(index, Person.community_id == community_id)
    rows = (people.find_person(community_id, hit.person_id) for hit in hits)
    return [row.person_id for row in rows if row is not None]

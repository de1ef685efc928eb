"""Use cases of people and flats: who they are, where they live, what they may answer for."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from chalicelib.core import ids, outbox, sealing
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.core.sealing import PersonKey
from chalicelib.core.table import tenant_key
from chalicelib.identity.rules.people import ANSWERING, OWNING, BindingState, Tie, born_on
from chalicelib.identity.service.visibility import existing, shown
from chalicelib.identity.tables.people import Person, Phone, Residency

RESIDENT: Final = "resident"

INDEXED: Final = {"phone": "phone_index", "id_number": "id_index"}
"""What a person is found by: the sealed field, and where its blind index stands."""


@dataclass(frozen=True)
class Me:
    """The caller as we know them, and the flats that they speak for."""

    subject_id: str
    community_id: str
    audience: str
    roles: tuple[str, ...]
    unit_ids: list[str]


def me(caller: Caller) -> Me:
    """Return the caller and, for a resident, their flats."""
    home = caller.audience == RESIDENT
    units = units_of(caller.community_id, caller.subject_id) if home else []
    return Me(caller.subject_id, caller.community_id, caller.audience, caller.roles, units)


def register_person(
    community_id: str, *, name: str, phone: str = "", id_number: str = "", person_id: str = ""
) -> str:
    """Register a person and return their id; raises Conflict if the id or the phone is taken."""
    person_id = person_id or ids.new_id("per")
    outbox.commit(*new_person(community_id, person_id, name=name, phone=phone, id_number=id_number))
    return person_id


def new_person(
    community_id: str, person_id: str, *, name: str = "", phone: str = "", id_number: str = ""
) -> tuple[PersonKey, Person, *tuple[Phone, ...]]:
    """Return a person's rows, to be committed: data key, person, and the claim to a phone."""
    key = sealing.new_key(community_id, person_id)
    person = Person(community_id=community_id, person_id=person_id)
    given = {"name": name, "phone": phone, "id_number": id_number}
    seal(person, {field: text for field, text in given.items() if text}, key)
    return key, person, *((claim(person),) if phone else ())


def seal(person: Person, given: Mapping[str, str], key: PersonKey) -> None:
    """Seal texts into a person's row, with what they are found by; an empty one is taken out.

    An ID number says the birthday, unless that is given too.
    """
    given = dict(given)
    if day := born_on(given.get("id_number", "")):
        given.setdefault("born", day.isoformat())
    where = (person.community_id, person.person_id)
    for field, text in given.items():
        setattr(person, field, sealing.seal(*where, field, text, key=key) if text else None)
    for field, index in INDEXED.items():
        if field in given:
            text = given[field]
            setattr(person, index, sealing.index(field, text) if text else None)


def claim(person: Person) -> Phone:
    """Return the row by which a person's phone number is theirs; a second one is a Conflict."""
    return Phone(
        phone_index=person.phone_index,
        community_id=person.community_id,
        person_id=person.person_id,
    )


def find_person(community_id: str, person_id: str) -> Person | None:
    """Return a person of a community, or None: for one of an import under way, or forgotten."""
    person = existing(Person.find(community_id, person_id))
    return person if person is not None and person.forgotten_at is None else None


def person_of(community_id: str, person_id: str) -> Person:
    """Return a person as `find_person` does; raises NotFound `no_such_person`."""
    person = find_person(community_id, person_id)
    if person is None:
        raise NotFound("no_such_person", "没有找到该人员")
    return person


def opened(person: Person, field: str) -> str:
    """Return a sealed field of a person in the clear, empty if it is not known; one read."""
    value = getattr(person, field)
    if value is None:
        return ""
    return sealing.open(person.community_id, person.person_id, field, bytes(value))


def name_of(community_id: str, person_id: str) -> str:
    """Return a person's name, which they want to be read; raises NotFound `no_such_person`."""
    return opened(person_of(community_id, person_id), "name")


def born(person: Person) -> date | None:
    """Return a person's birthday, or None if nobody knows it; one read."""
    day = opened(person, "born")
    return date.fromisoformat(day) if day else None


def persons_by_phone(phone_index: str) -> list[Phone]:
    """Return whose a phone number is, in every community; one read, consistent."""
    return list(shown(Phone.query(phone_index, consistent_read=True, limit=100)))


def binding_id(community_id: str, unit_id: str, person_id: str) -> str:
    """Return the id of the one binding of a person to a flat."""
    return ids.derived("bind", community_id, unit_id, person_id)


def state_key(community_id: str, state: BindingState) -> str:
    """Return the index key of a community's bindings in a state: tenant first."""
    return tenant_key(community_id, state.value)


def tie_of(community_id: str, unit_id: str, person_id: str) -> Residency | None:
    """Return a person's tie to a flat, or None; one read, consistent."""
    return existing(Residency.find(tenant_key(community_id, unit_id), person_id))


def tied_among(community_id: str, pairs: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return those of (flat, person) that are tied; consistent reads of a hundred at a time."""
    keys = [(tenant_key(community_id, unit_id), person_id) for unit_id, person_id in pairs]
    found = shown(Residency.batch_get(keys, consistent_read=True))
    return {(tie.unit_id, tie.person_id) for tie in found}


def residencies(community_id: str, unit_id: str) -> list[Residency]:
    """Return who is tied to a flat; one read, consistent."""
    return list(shown(Residency.query(tenant_key(community_id, unit_id), consistent_read=True)))


def ties_of(community_id: str, person_id: str) -> list[Residency]:
    """Return the flats that a person is tied to; one read of an index."""
    return list(shown(Residency.by_person.query(tenant_key(community_id, person_id))))


def answerers(community_id: str, unit_id: str) -> list[str]:
    """Return the adults of a flat, who may answer for it; one read, consistent."""
    ties = residencies(community_id, unit_id)
    return [tie.person_id for tie in ties if Tie(tie.tie) in ANSWERING]


def speaks_for(community_id: str, unit_id: str, person_id: str) -> outbox.Given:
    """Return the condition that a person speaks for a flat, for another domain's commit."""
    ties = [tie.value for tie in sorted(ANSWERING)]
    key = tenant_key(community_id, unit_id)
    return outbox.Given(Residency, key, person_id, Residency.tie.is_in(*ties))


def tied_to(community_id: str, unit_id: str, person_id: str) -> outbox.Given:
    """Return the condition that a person is still tied to a flat, for another domain's commit.

    One read. Raises NotFound `no_such_residency` if they are not.
    """
    if tie_of(community_id, unit_id, person_id) is None:
        raise NotFound("no_such_residency", "该人员不住在此房屋")
    return lives_at(community_id, unit_id, person_id)


def lives_at(community_id: str, unit_id: str, person_id: str) -> outbox.Given:
    """Return the condition that a person is tied to a flat, for another domain's commit."""
    key = tenant_key(community_id, unit_id)
    return outbox.Given(Residency, key, person_id, Residency.tie.exists())


def units_of(community_id: str, person_id: str) -> list[str]:
    """Return the ids of the flats that a person speaks for."""
    ties = ties_of(community_id, person_id)
    return [tie.unit_id for tie in ties if Tie(tie.tie) in ANSWERING]


def owned_by(community_id: str, person_id: str) -> list[str]:
    """Return the ids of the flats that a person owns, alone or with others."""
    ties = ties_of(community_id, person_id)
    return [tie.unit_id for tie in ties if Tie(tie.tie) in OWNING]


def homes_of(community_id: str, person_id: str, *, besides: str = "") -> list[Residency]:
    """Return the flats that a person is tied to, as they are now; one is left out.

    The index says which to look at, and is a moment late: each hit is read again. A tie of
    the last moment may be missing, so nothing is destroyed on this alone.
    """
    hits = ties_of(community_id, person_id)
    ties = (tie_of(community_id, hit.unit_id, person_id) for hit in hits)
    return [tie for tie in ties if tie is not None and tie.unit_id != besides]


def lives_in(community_id: str, person_id: str) -> bool:
    """Return whether a person is tied to any flat of a community."""
    return bool(homes_of(community_id, person_id))


def refuse_if_tied(community_id: str, unit_id: str, person_id: str) -> None:
    """Raise Conflict `already_bound` if a person is tied to a flat."""
    if tie_of(community_id, unit_id, person_id) is not None:
        raise Conflict("already_bound", "您已绑定该房屋")

"""A person's sealed fields opened, for the three who may ask: export, staff view, authority."""

from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.core import sealing
from chalicelib.identity.service import people
from chalicelib.identity.service.visibility import existing
from chalicelib.identity.tables.people import Person

SEALED = ("name", "phone", "id_number", "born")


@dataclass(frozen=True)
class Home:
    """A person's tie to a flat."""

    unit_id: str
    tie: str


@dataclass(frozen=True)
class Profile:
    """What identity holds of a person, in the clear: `fields` has those that are known."""

    person_id: str
    fields: Mapping[str, str]
    homes: tuple[Home, ...]


def profile(community_id: str, person_id: str) -> Profile | None:
    """Return a person of a community with the sealed fields opened, or None.

    Three reads. Raises Forgotten `person_forgotten` (404) if the person was deleted.
    """
    person = existing(Person.find(community_id, person_id))  # one who was forgotten, too
    if person is None:
        return None
    sealed = {field: getattr(person, field) for field in SEALED}
    key = sealing.key_of(community_id, person_id)
    opened = {
        field: sealing.open(community_id, person_id, field, bytes(value), key=key)
        for field, value in sealed.items()
        if value is not None
    }
    return Profile(person_id, opened, homes(community_id, person_id))


def homes(community_id: str, person_id: str) -> tuple[Home, ...]:
    """Return the flats that a person is tied to; one read of an index."""
    return tuple(Home(tie.unit_id, tie.tie) for tie in people.ties_of(community_id, person_id))

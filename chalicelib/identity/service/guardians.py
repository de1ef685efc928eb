"""For whom a resident may decide: for themselves, and for a child under 14 (PIPL 31)."""

from chalicelib.core import clock
from chalicelib.core.auth import Caller
from chalicelib.core.errors import NotFound, Unprocessable
from chalicelib.identity.rules.people import Tie, day_of, is_child
from chalicelib.identity.service import people


def subject(caller: Caller, person_id: str | None, *, deciding: bool = False) -> str:
    """Return whom the caller speaks for: themselves, or the child that is named.

    Raises NotFound `no_such_person` unless the caller is that child's guardian, and
    Unprocessable `guardian_required` for a child who would decide alone.
    """
    if person_id is None or person_id == caller.subject_id:
        if deciding and is_ward(caller.community_id, caller.subject_id):
            raise Unprocessable("guardian_required", "未满14周岁须由监护人同意")
        return caller.subject_id
    if person_id not in wards(caller.community_id, caller.subject_id):
        raise NotFound("no_such_person", "没有找到该人员")
    return person_id


def subjects(caller: Caller) -> list[str]:
    """Return everybody whom the caller speaks for, the caller first."""
    return [caller.subject_id, *wards(caller.community_id, caller.subject_id)]


def is_ward(community_id: str, person_id: str) -> bool:
    """Return whether a person is a child under guardianship, who is not 14 yet.

    One read, and two more for somebody who was tied as a child.
    """
    ties = people.ties_of(community_id, person_id)
    return any(tie.tie == Tie.CHILD for tie in ties) and _is_young(community_id, person_id)


def wards(community_id: str, guardian_id: str) -> list[str]:
    """Return the children under 14 that a person is guardian of, in flats that both live in."""
    children = {
        tie.person_id
        for home in people.ties_of(community_id, guardian_id)
        for tie in people.residencies(community_id, home.unit_id)
        if tie.tie == Tie.CHILD and tie.guardian_id == guardian_id
    }
    return sorted(child for child in children if _is_young(community_id, child))


def _is_young(community_id: str, person_id: str) -> bool:
    """Return whether somebody tied as a child is under 14 today, as far as anybody knows."""
    person = people.find_person(community_id, person_id)
    born = people.born(person) if person is not None else None
    return born is None or is_child(born, day_of(clock.now()))

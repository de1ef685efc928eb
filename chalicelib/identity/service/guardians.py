"""For whom a resident may decide: for themselves, and for a child under 14 (PIPL 31)."""

from chalicelib.core.auth import Caller
from chalicelib.core.errors import NotFound, Unprocessable
from chalicelib.core.table import tenant_key
from chalicelib.identity.rules.people import Tie
from chalicelib.identity.service.visibility import shown
from chalicelib.identity.tables.people import Residency


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
    """Return whether a person is a child under guardianship in a community; one read."""
    ties = Residency.by_person.query(tenant_key(community_id, person_id))
    return any(tie.tie == Tie.CHILD for tie in shown(ties))


def wards(community_id: str, guardian_id: str) -> list[str]:
    """Return the children that a person is guardian of, in the flats that both live in."""
    homes = shown(Residency.by_person.query(tenant_key(community_id, guardian_id)))
    return sorted(
        {
            tie.person_id
            for home in homes
            for tie in Residency.query(tenant_key(community_id, home.unit_id), consistent_read=True)
            if tie.tie == Tie.CHILD and tie.guardian_id == guardian_id
        }
    )

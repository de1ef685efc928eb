"""Residents with sealed names and numbers, written as the domain's own rows."""

from typing import Any

from chalicelib.core import outbox, sealing
from chalicelib.core.auth import Caller
from chalicelib.core.table import tenant_key
from chalicelib.identity.rules.people import Tie
from chalicelib.identity.tables.people import Person, Residency

NAME, PHONE, ID_NUMBER = "王小芳", "13800001234", "33010619900101123X"


def settle(
    community: str,
    person_id: str = "per_1",
    *,
    tie: Tie = Tie.OWNER,
    unit_id: str = "u1",
    guardian_id: str | None = None,
    born: str = "",
) -> str:
    """Write a person, their data key and their tie to a flat."""
    key = sealing.new_key(community, person_id)
    facts = {
        "name": NAME,
        "phone": PHONE,
        "id_number": ID_NUMBER,
        **({"born": born} if born else {}),
    }
    sealed: dict[str, Any] = {
        field: sealing.seal(community, person_id, field, text, key=key)
        for field, text in facts.items()
    }
    person = Person(
        community_id=community,
        person_id=person_id,
        phone_index=sealing.index("phone", PHONE),
        id_index=sealing.index("id_number", ID_NUMBER),
        **sealed,
    )
    residency = Residency(
        unit_key=tenant_key(community, unit_id),
        person_id=person_id,
        person_key=tenant_key(community, person_id),
        community_id=community,
        unit_id=unit_id,
        tie=tie.value,
        guardian_id=guardian_id,
    )
    outbox.commit(key, person, residency)
    return person_id


def resident(community: str, person_id: str = "per_1") -> Caller:
    return Caller(person_id, community, "resident", ("resident",), 2**40)


def staff(community: str, role: str = "property_manager", person_id: str = "") -> Caller:
    return Caller(person_id or f"staff_{role}", community, "property", (role,), 2**40)


def officer(role: str, person_id: str, *, node_path: str = "", community: str = "") -> Caller:
    return Caller(person_id, community, "government", (role,), 2**40, node_path=node_path)

"""Names of staff and bodies, for lists that say who: a few reads for a whole page."""

from collections.abc import Iterable

from chalicelib.core import sealing
from chalicelib.core.paths import community_in
from chalicelib.core.sealing import PersonKey
from chalicelib.identity.tables.organisation import Node, Organisation, key_of_path
from chalicelib.identity.tables.people import Person

Who = tuple[str, str]
"""A tenant and a person of it: an estate's staff are its own, officers their county's."""


def of_people(asked: Iterable[Who]) -> dict[Who, str]:
    """Return the names of these people; who has none, or was forgotten, is left out."""
    wanted = set(asked)
    found = [row for row in Person.batch_get(wanted) if row.name is not None]
    keys = {
        (key.community_id, key.person_id): key
        for key in PersonKey.batch_get([(row.community_id, row.person_id) for row in found])
        if key.sealed
    }
    return {
        who: sealing.open(*who, "name", bytes(row.name), key=keys[who])
        for row in found
        if (who := (row.community_id, row.person_id)) in keys
    }


def of_bodies(org_ids: Iterable[str]) -> dict[str, str]:
    """Return the names of these companies, committees, stations and offices."""
    return {row.org_id: row.name for row in Organisation.batch_get(set(org_ids) - {""})}


def of_nodes(paths: Iterable[str]) -> dict[str, str]:
    """Return the names of these nodes of the tree, by path."""
    keys = {key_of_path(path, community_in(path)) for path in paths if path}
    return {row.path: row.name for row in Node.batch_get(keys)}

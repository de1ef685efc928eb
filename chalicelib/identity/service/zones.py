"""Use cases of zones (片区共管): several estates that one team is appointed to together.

A zone is no tenant and no node: each estate keeps its data, and a sign-in acts in one of
them. Its path, the county and the zone's id, stands where a post names a node: whoever is
appointed to it gets that post at each of its estates, and loses all with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.core import cursor, ids, outbox
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Unprocessable
from chalicelib.core.table import Row
from chalicelib.identity.rules import organisation as rules
from chalicelib.identity.rules.organisation import Level
from chalicelib.identity.service import organisation
from chalicelib.identity.tables.organisation import Zone


@dataclass(frozen=True)
class ZoneView:
    """A zone, the path that appoints to it, and the paths of its estates."""

    zone_id: str
    name: str
    path: str
    paths: list[str]


@dataclass(frozen=True)
class Zones:
    """One page of a county's zones."""

    items: list[ZoneView]
    next: str | None


def join(name: str, paths: Sequence[str], *, also: Sequence[Row] = ()) -> ZoneView:
    """Make a zone of several estates.

    Raises NotFound `no_such_node`, Unprocessable `zone_size`, `zone_across_counties`,
    `estate_twice`, `wrong_level`.
    """
    if problem := rules.zone_problem(paths):
        raise Unprocessable(problem, "这些小区不能组成一个共管片区")
    if any(organisation.node_of(path).level != Level.ESTATE for path in paths):
        raise organisation.wrong_level()
    county = paths[0].partition("/")[0]
    zone = Zone(scope=county, zone_id=ids.new_id("zone"), name=name, paths=list(paths))
    view = _view(zone)
    outbox.commit(zone, *also, answer=view)
    return view


def at(path: str) -> Zone | None:
    """Return the zone that a path names, or None if it names none."""
    county, _, zone_id = path.partition("/")
    return Zone.find(county, zone_id) if zone_id.startswith("zone_") else None


def of_county(caller: Caller, *, limit: int, after: str | None) -> Zones:
    """Return one page of the zones whose estates all lie in the caller's subtree; one read."""
    county = caller.node_path.partition("/")[0]
    listing = f"zones/{caller.node_path}"
    rows, following = cursor.page(Zone.query, county, listing=listing, limit=limit, after=after)
    items = [_view(row) for row in rows if all(caller.sees(path) for path in row.paths)]
    return Zones(items, following)


def _view(row: Zone) -> ZoneView:
    return ZoneView(row.zone_id, row.name, f"{row.scope}/{row.zone_id}", list(row.paths))

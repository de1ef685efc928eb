"""Pure rules of the organisation tree (区县 → 街道 → 社区 → 小区 → 楼栋 → 单元 → 房屋)."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """A level of the tree, from the county down."""

    COUNTY = "county"
    STREET = "street"
    NEIGHBOURHOOD = "neighbourhood"
    ESTATE = "estate"
    BUILDING = "building"
    ENTRANCE = "entrance"
    ROOM = "room"


PARENTS: dict[Level, frozenset[Level]] = {
    Level.COUNTY: frozenset(),
    Level.STREET: frozenset({Level.COUNTY}),
    Level.NEIGHBOURHOOD: frozenset({Level.STREET}),
    Level.ESTATE: frozenset({Level.NEIGHBOURHOOD}),
    Level.BUILDING: frozenset({Level.ESTATE}),
    Level.ENTRANCE: frozenset({Level.BUILDING}),
    Level.ROOM: frozenset({Level.ENTRANCE, Level.BUILDING}),
}
"""What a node may stand under; a building without entrances (别墅) holds rooms itself."""

ABOVE_ESTATES = frozenset({Level.COUNTY, Level.STREET, Level.NEIGHBOURHOOD})


class Body(StrEnum):
    """A kind of organisation that is attached to nodes."""

    COMPANY = "company"
    COMMITTEE = "committee"
    POLICE_STATION = "police_station"
    OFFICE = "office"


MOST_AREA = 10_000_000
"""100,000 m² in 0.01 m²: more than any room; a slip of the decimal point is caught."""

LEAST_OF_ZONE, MOST_OF_ZONE = 2, 20
"""Estates of a zone; who is appointed to it is appointed to all in one transaction."""

MANAGER = "property_manager"


@dataclass(frozen=True)
class Answerer:
    """Who answers for an estate: these roles, appointed at this node."""

    role: str
    node_path: str


def upward(path: str) -> list[str]:
    """Return a path and those of its ancestors, the nearest first."""
    ids = path.split("/")
    return ["/".join(ids[:size]) for size in range(len(ids), 0, -1)]


def answerers(estate_path: str, *, managed: bool) -> list[Answerer]:
    """Return who answers for an estate: its company's manager, or grid worker and street.

    An estate that no company manages (无物业小区) is looked after by the grid worker
    (网格员) of its neighbourhood and by the street office (FEATURES.md 92).
    """
    if managed:
        return [Answerer(MANAGER, estate_path)]
    above = upward(estate_path)
    neighbourhood = above[1] if len(above) > 1 else estate_path
    street = above[2] if len(above) > 2 else neighbourhood  # noqa: PLR2004 -- two levels up
    return [Answerer("grid_worker", neighbourhood), Answerer("street_officer", street)]


def zone_problem(paths: Sequence[str]) -> str | None:
    """Return why these estates make no zone of joint management (片区共管), or None."""
    if len(set(paths)) != len(paths):
        return "estate_twice"
    if not LEAST_OF_ZONE <= len(paths) <= MOST_OF_ZONE:
        return "zone_size"
    if len({path.split("/")[0] for path in paths}) != 1:
        return "zone_across_counties"
    return None

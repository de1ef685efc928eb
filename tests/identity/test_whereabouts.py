"""Where things stand: paths that exist, found by their names, and named again."""

import pytest

from chalicelib.core.errors import NotFound
from chalicelib.identity import public as identity
from chalicelib.identity.rules.organisation import Level

HALL, ROOM = ("1号楼", "1单元", ""), ("1号楼", "1单元", "101")


@pytest.fixture
def estate(cloud, community):
    county = identity.plant(Level.COUNTY, "区", node_id=f"n{community[-12:]}")
    street = identity.plant(Level.STREET, "街道", parent=county)
    below = identity.plant(Level.NEIGHBOURHOOD, "社区", parent=street)
    identity.found_community(community, "和苑", parent=below)
    place = identity.Place("1号楼", "1单元", "101", 8937)
    identity.add_unit(community, f"unit-{community[-12:]}", "101", at=place)
    return f"{below}/{community}"


def test_names_lead_to_paths_and_back(estate, community):
    wanted = [
        ("", "", ""),
        ("1号楼", "", ""),
        HALL,
        ROOM,
        ("9号楼", "", ""),
        ("1号楼", "2单元", ""),
    ]
    paths = identity.paths_of(community, wanted)
    assert set(paths) == {("", "", ""), ("1号楼", "", ""), HALL, ROOM}
    assert paths["", "", ""] == estate
    assert paths[ROOM] == f"{paths[HALL]}/unit-{community[-12:]}"
    names = identity.names_at(community, [*paths.values(), f"{estate}/nothing"])
    assert names == {
        paths["1号楼", "", ""]: "1号楼",
        paths[HALL]: "1号楼 1单元",
        paths[ROOM]: "1号楼 1单元 101",
    }


def test_only_what_stands_in_the_estate_is_a_place(estate, community):
    paths = identity.paths_of(community, [HALL, ROOM])
    assert identity.standing_at(community, "") == estate
    for path in (estate, *paths.values()):
        assert identity.standing_at(community, path) == path
    above = estate.rpartition("/")[0]
    for path in (above, f"{estate}/nothing", f"{paths[HALL]}/x", paths[HALL].partition("/")[2]):
        with pytest.raises(NotFound, match="no_such_node"):
            identity.standing_at(community, path)


def test_an_unknown_estate_has_no_places(cloud):
    with pytest.raises(NotFound, match="no_such_community"):
        identity.standing_at("com_none", "")

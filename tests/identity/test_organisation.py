import pytest

from chalicelib.core import outbox
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Conflict, NotFound, Unprocessable
from chalicelib.identity.rules import organisation as rules
from chalicelib.identity.rules.organisation import Answerer, Body, Level
from chalicelib.identity.service import bodies, organisation, posts, tree
from chalicelib.identity.service.organisation import Place

FLAT = Place("1号楼", "2单元", "301", 8937)


def officer(path: str) -> Caller:
    return Caller("per_o", "", "government", ("street_officer",), 2**40, node_path=path)


def clerk(community: str, path: str = "") -> Caller:
    return Caller("per_c", community, "property", ("property_manager",), 2**40, node_path=path)


@pytest.fixture
def county(cloud: None, community: str) -> str:
    """A county of its own: its neighbourhood's path ends in `…/nb`."""
    path = organisation.plant(Level.COUNTY, "区", node_id=f"county-{community}")
    path = organisation.plant(Level.STREET, "街道", parent=path, node_id="st")
    organisation.plant(Level.NEIGHBOURHOOD, "社区", parent=path, node_id="nb")
    return path.split("/")[0]


@pytest.fixture
def estate(county: str, community: str) -> str:
    organisation.found_community(community, "和苑", parent=f"{county}/st/nb")
    return f"{county}/st/nb/{community}"


def test_a_managed_estate_is_answered_by_its_manager_else_by_grid_and_street():
    path = "county/street/nb/estate"
    assert rules.answerers(path, managed=True) == [Answerer("property_manager", path)]
    assert rules.answerers(path, managed=False) == [
        Answerer("grid_worker", "county/street/nb"),
        Answerer("street_officer", "county/street"),
    ]
    assert rules.answerers("alone", managed=False) == [
        Answerer("grid_worker", "alone"),
        Answerer("street_officer", "alone"),
    ]


@pytest.mark.parametrize(
    ("paths", "problem"),
    [
        (["c/1"], "zone_size"),
        (["c/1", "c/1"], "estate_twice"),
        (["c/1", "d/1"], "zone_across_counties"),
        (["c/1", "c/2"], None),
    ],
)
def test_what_makes_a_zone(paths, problem):
    assert rules.zone_problem(paths) == problem


def test_the_tree_is_read_level_by_level(estate, community):
    unit_id = organisation.unit_id_at(community, "1号楼", "2单元", "301")
    organisation.add_unit(community, unit_id, "1号楼2单元301", at=FLAT)
    organisation.add_unit(community, "villa", "别墅", at=Place("A座", "", "1", 30000))
    caller, path, seen = officer(estate.split("/")[0]), estate.split("/")[0], []
    for _ in range(6):
        items = tree.children(caller, path, limit=20, after=None).items
        (below,) = [item for item in items if item.name != "A座"]
        seen.append(below.level)
        path = below.path
    assert seen == ["street", "neighbourhood", "estate", "building", "entrance", "room"]
    buildings = tree.children(clerk(community), None, limit=20, after=None).items
    assert {building.name for building in buildings} == {"1号楼", "A座"}
    (villa,) = [building for building in buildings if building.name == "A座"]
    rooms = tree.children(clerk(community), villa.path, limit=20, after=None).items
    assert [room.node_id for room in rooms] == ["villa"]


def test_pages_of_the_tree_show_each_once(estate, community):
    for number in range(5):
        organisation.add_unit(community, f"u{number}", "x", at=Place(f"{number}号楼", "", "1", 1))
    found, after = [], None
    while True:
        page = tree.children(clerk(community), None, limit=2, after=after)
        found += [item.node_id for item in page.items]
        after = page.next
        if after is None:
            break
    assert len(found) == len(set(found)) == 5


def test_nobody_sees_beside_their_subtree(estate, county, community):
    for path in (f"{county}/other", county, f"{county}/st/n", "elsewhere"):
        with pytest.raises(NotFound, match="no_such_node"):
            tree.children(officer(f"{county}/st/nb"), path, limit=20, after=None)
    with pytest.raises(NotFound, match="no_such_community"):
        tree.answerers(officer("another-county"), community)
    with pytest.raises(NotFound, match="no_such_node"):
        tree.plant(officer("another-county"), Level.STREET, "街道", parent=county)
    with pytest.raises(NotFound, match="no_such_unit"):
        tree.unit(clerk("com_other"), "u1")


def test_staff_of_a_building_see_its_flats_only(estate, community):
    unit_id = tree.add_unit(clerk(community), FLAT).unit_id
    building = organisation.steps_to(estate, community, "1号楼", "")[-1].path
    assert tree.unit(clerk(community, building), unit_id).area == 8937
    other = organisation.steps_to(estate, community, "2号楼", "")[-1].path
    with pytest.raises(NotFound, match="no_such_unit"):
        tree.unit(clerk(community, other), unit_id)


@pytest.mark.parametrize("area", [0, -1, 10_000_001])
def test_a_flat_has_an_area(estate, community, area):
    with pytest.raises(Unprocessable, match="area_not_positive"):
        organisation.add_unit(community, "u1", "x", at=Place("1号楼", "", "1", area))


def test_a_flat_stands_once(estate, community):
    tree.add_unit(clerk(community), FLAT)
    with pytest.raises(Conflict, match="lost_race"):
        tree.add_unit(clerk(community), FLAT)


@pytest.mark.parametrize(
    ("level", "parent"),
    [("street", ""), ("county", "st"), ("building", "nb"), ("estate", "st"), ("room", "nb")],
)
def test_a_node_stands_where_its_level_does(county, level, parent):
    above = {"": "", "st": f"{county}/st", "nb": f"{county}/st/nb"}[parent]
    with pytest.raises(Unprocessable, match="wrong_level"):
        organisation.plant(Level(level), "x", parent=above)
    with pytest.raises(NotFound, match="no_such_node"):
        organisation.plant(Level.NEIGHBOURHOOD, "x", parent=f"{county}/none")


def test_a_company_takes_an_estate_over_once_somebody_manages_it(estate, county, community):
    street = ["grid_worker", "street_officer"]
    assert [a.role for a in bodies.routes_to(community)] == street
    assert bodies.routes_to(community)[1].node_path == f"{county}/st"
    org_id = bodies.attach(Body.COMPANY, "和美物业", path=estate).org_id
    assert [a.role for a in bodies.routes_to(community)] == street
    held = posts.rows("per_m", "property_manager", [estate], org_id=org_id)
    outbox.commit(*held)
    assert bodies.routes_to(community) == [Answerer("property_manager", estate)]
    bodies.attach(Body.POLICE_STATION, "派出所", path=f"{county}/st")
    assert [body.name for body in bodies.at(f"{county}/st")] == ["派出所"]
    with pytest.raises(Unprocessable, match="still_staffed"):
        bodies.detach(org_id, path=estate)
    outbox.commit(deletes=held)
    bodies.detach(org_id, path=estate)
    assert [a.role for a in bodies.routes_to(community)] == street
    with pytest.raises(NotFound, match="no_such_organisation"):
        bodies.detach(org_id, path=estate)


def test_a_node_asked_for_twice_is_made_once(http, sign, county):
    officer = sign("", "per_o", audience="government", roles=["county_officer"], node=county)
    asked = {"level": "estate", "name": "梅园", "parent": f"{county}/st/nb"}
    path = "/government/nodes"
    assert http("POST", path, asked, token=officer).code == "idempotency_key_required"
    made = [http("POST", path, asked, token=officer, idempotency_key="k" * 12) for _ in range(2)]
    assert made[0].body == made[1].body
    under = f"/government/tree?under={county}/st/nb"
    assert len(http("GET", under, token=officer).body["items"]) == 1


def test_a_body_that_is_not_there_serves_nowhere_else(estate, county):
    with pytest.raises(NotFound, match="no_such_organisation"):
        tree.attach(officer(county), Body.COMPANY, "x", path=estate, org_id="org_none")


def test_routes_of_the_tree(http, sign, estate, county, community):
    token = sign(community, "per_m", audience="property", roles=["property_manager"])
    asked = {"building": "1号楼", "entrance": "", "room": "101", "area": 0}
    assert http("POST", "/property/units", asked, token=token).code == "invalid_request"
    reply = http("POST", "/property/units", {**asked, "area": 8937}, token=token)
    shown = http("GET", f"/property/units/{reply.body['unit_id']}", token=token)
    assert (shown.status, shown.body["area"]) == (200, 8937)
    bidi = {**asked, "area": 1, "room": "1\u202e01"}
    assert http("POST", "/property/units", bidi, token=token).status == 400
    assert (
        http("POST", "/property/units", {**asked, "community_id": "x"}, token=token).status == 400
    )
    officers = sign("", "per_o", audience="government", roles=["street_officer"], node=county)
    listed = http("GET", f"/government/tree?under={county}/st/nb", token=officers)
    assert [item["node_id"] for item in listed.body["items"]] == [community]
    answer = http("GET", f"/government/estates/{community}/answerers", token=officers)
    assert [a["role"] for a in answer.body["items"]] == ["grid_worker", "street_officer"]

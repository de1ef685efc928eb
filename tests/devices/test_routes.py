import pytest

from chalicelib.devices import public as devices
from chalicelib.devices.rules.catalogue import Kind


@pytest.fixture
def estate(cloud, community):
    for number in range(5):
        devices.enrol(community, Kind.GATE, place_id="east", name=f"门{number}")
    return community


def test_the_list_is_paged_and_shows_no_key(http, sign, estate):
    token, path, seen = (
        sign(estate, audience="property", roles=["property_manager"]),
        "/property/devices?limit=2",
        [],
    )
    while path:
        page = http("GET", path, token=token).body
        seen += [item["device_id"] for item in page["items"]]
        assert not {"keys", "adapter_token", "address"} & {
            name for one in page["items"] for name in one
        }
        path = page["next"] and f"/property/devices?limit=2&cursor={page['next']}"
    assert len(seen) == len(set(seen)) == 5


def test_another_estates_cursor_and_devices_are_not_ours(http, sign, estate):
    ours = sign(estate, audience="property", roles=["property_manager"])
    theirs = sign("com_other", audience="property", roles=["property_manager"])
    cursor = http("GET", "/property/devices?limit=2", token=ours).body["next"]
    reply = http("GET", f"/property/devices?limit=2&cursor={cursor}", token=theirs)
    assert (reply.status, reply.code) == (400, "bad_cursor")
    assert http("GET", "/property/devices", token=theirs).body["items"] == []


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "cursor=", "surprise=1"])
def test_a_query_that_makes_no_sense(http, sign, estate, query):
    token = sign(estate, audience="property", roles=["property_manager"])
    assert http("GET", f"/property/devices?{query}", token=token).status == 400

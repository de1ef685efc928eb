import json

import pytest

from chalicelib.access.rules.gates import Near
from chalicelib.access.service import desk
from chalicelib.core import clock
from chalicelib.devices import public as devices


@pytest.fixture
def ask(http, sign, house):
    def do(method: str, path: str, body=None, *, who: str = "per_1", key: str = "key-00000001"):
        staff = {"guard": "guard", "manager": "property_manager"}.get(who)
        token = (
            sign(house.community, who, audience="property", roles=[staff], node=house.community)
            if staff
            else sign(house.community, who)
        )
        headers = {"idempotency_key": key} if method == "POST" else {}
        return http(method, path, body, token=token, **headers)

    return do


def near(shown: Near) -> dict[str, str]:
    return {"code": shown.code}


def test_from_a_list_of_doors_to_an_opening(house, ask, sent):
    (gate, _door) = ask("GET", "/resident/gates").body["items"]
    body = {"unit_id": gate["unit_ids"][0], "near": near(house.code(house.gate))}
    path = f"/resident/gates/{gate['device_id']}/open"
    made = ask("POST", path, body)
    assert (made.status, made.body["state"]) == (202, "SENT")
    assert ask("POST", path, body).body == made.body
    assert len(sent) == 1
    shown = ask("GET", f"/resident/openings/{made.body['opening_id']}")
    assert shown.body["command_id"] == made.body["command_id"]
    other = ask("POST", path, {**body, "unit_id": "u2"})
    assert (other.status, other.code) == (409, "idempotency_key_reused")
    far = ask("POST", path, {**body, "near": {}}, key="key-00000002")
    assert (far.status, far.code) == (422, "near_required")
    assert far.body["details"] == {"takes": ["code", "location"]}


def test_from_a_visitors_ring_to_the_guard_who_opens(house, ask, sent):
    for online in (True, False):
        devices.hear_state(
            house.community, house.gate.device_id, json.dumps({"online": online}), clock.now()
        )
    body = {
        "unit_id": "u1",
        "near": near(house.code(house.gate)),
        "visitor_name": "小李",
    }
    rung = ask("POST", f"/resident/gates/{house.gate.device_id}/ring", body, who="visitor")
    assert rung.status == 200, rung.body
    call_id = rung.body["call_id"]
    (call,) = ask("GET", "/resident/calls").body["items"]
    assert (call["call_id"], call["by_phone"]) == (call_id, True)
    detail = ask("GET", f"/resident/calls/{call_id}").body
    assert detail["visitor_name"] == "小李"
    tap = ask("POST", f"/resident/calls/{call_id}/open")
    assert (tap.status, tap.body["guard_asked"]) == (202, True)
    assert ask("GET", f"/resident/rings/{call_id}", who="visitor").body["state"] == "SENT"
    (asked,) = ask("GET", "/property/desk", who="guard").body["items"]
    path = f"/property/desk/{asked['desk_id']}"
    early = ask("POST", f"{path}/open", {"reason": "门禁离线"}, who="guard", key="key-early")
    assert (early.status, early.code) == (409, "not_taken")
    assert ask("POST", f"{path}/take", who="guard", key="key-take1").body["state"] == "TAKEN"
    opened = ask("POST", f"{path}/open", {"reason": "门禁离线"}, who="guard", key="key-open1")
    assert (opened.status, opened.body["state"]) == (202, "SENT")
    done = ask("POST", f"{path}/done", {"outcome": "let_in"}, who="guard", key="key-done1")
    assert (done.status, done.body["outcome"]) == (200, "let_in")
    assert len(sent) == 2, "the resident's, void by now, and the guard's"


def test_a_flat_blocks_a_visitor_and_forgives(house, ask):
    body = {"unit_id": "u1", "near": near(house.code(house.gate))}
    path = f"/resident/gates/{house.gate.device_id}/ring"
    call_id = ask("POST", path, body, who="visitor").body["call_id"]
    blocked = ask("POST", f"/resident/calls/{call_id}/block")
    assert blocked.status == 200, blocked.body
    again = ask("POST", path, body, who="visitor", key="key-00000002")
    assert again.status == 200
    assert len(ask("GET", "/resident/calls").body["items"]) == 1
    blocks = ask("GET", "/resident/units/u1/blocks").body["items"]
    assert [one["block_id"] for one in blocks] == [blocked.body["block_id"]]
    one = f"/resident/units/u1/blocks/{blocked.body['block_id']}"
    assert ask("DELETE", one, who="per_9").status == 404
    assert ask("DELETE", one).status == 200
    assert ask("DELETE", one).status == 404


def test_staff_set_gates_and_a_phone_then_opens_by_where_it_is(house, ask, sent):
    place = {"latitude": 30.0, "longitude": 120.0, "radius_m": 50}
    path = f"/property/gates/{house.gate.device_id}"
    assert ask("PUT", path, place, who="manager").status == 200
    assert ask("PUT", path, place, who="guard").status == 403
    assert ask("PUT", path, {**place, "latitude": 91}, who="manager").status == 400
    assert (
        ask("PUT", "/property/gate-defaults", {"suffices": ["code"]}, who="manager").status == 200
    )
    listed = ask("GET", "/property/gates", who="manager").body["items"]
    assert [one["device_id"] for one in listed] == [None, house.gate.device_id]
    where = {"latitude": 30.0001, "longitude": 120.0, "accuracy_m": 8}
    body = {"unit_id": "u1", "near": {"location": where}}
    made = ask("POST", f"/resident/gates/{house.gate.device_id}/open", body)
    assert made.status == 202, made.body


def test_a_visitor_uploads_a_picture_before_ringing(house, ask):
    picture = {"content_type": "image/jpeg", "bytes": 100, "sha256": "a" * 64}
    path = f"/resident/gates/{house.gate.device_id}/photos"
    grant = ask("POST", path, picture, who="visitor")
    assert grant.body["key"] == f"{house.community}/stills/visitor/{'a' * 64}.jpg"
    body = {"unit_id": "u1", "near": near(house.code(house.gate)), "photo": grant.body["key"]}
    rung = ask("POST", f"/resident/gates/{house.gate.device_id}/ring", body, who="visitor")
    assert rung.status == 200, rung.body
    shown = ask("GET", f"/resident/calls/{rung.body['call_id']}").body
    assert grant.body["key"] in shown["still_url"]
    assert desk.desk(house.staff(), limit=5, after=None).items == []


def test_staff_of_a_part_see_what_is_set_of_their_gates_and_of_all(house, sign, http, ask):
    place = {"latitude": 30.0, "longitude": 120.0, "radius_m": 50}
    for path, body in (
        (f"/property/gates/{house.gate.device_id}", place),
        ("/property/gate-defaults", {"suffices": ["code"]}),
    ):
        assert ask("PUT", path, body, who="manager").status == 200
    part = f"{house.community}/bld_elsewhere"
    token = sign(house.community, "m2", audience="property", roles=["property_manager"], node=part)
    listed = http("GET", "/property/gates", token=token).body["items"]
    assert [one["device_id"] for one in listed] == [None]

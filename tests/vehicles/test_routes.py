import uuid
from datetime import timedelta

import pytest

from chalicelib.core.audit import View
from chalicelib.core.table import tenant_key
from tests.vehicles.conftest import GUEST, MINE, STRANGER


@pytest.fixture
def ask(http, sign, estate):
    """Ask as somebody: `ask("manager", "GET", "/property/plates")`."""
    roles = {"manager": "property_manager", "guard": "guard", "clerk": "property_clerk"}

    def do(who: str, method: str, path: str, body=None, **headers: str):
        if who in roles:
            claims = {"audience": "property", "roles": [roles[who]]}
            token = sign(estate.community, f"{who}_1", **claims)
        else:
            token = sign(estate.community, who)
        headers.setdefault("idempotency_key", uuid.uuid4().hex)
        return http(method, path, body, token=token, **headers)

    return do


def looks(estate, subject: str) -> list[list[str]]:
    rows = View.query(tenant_key(estate.community, subject))
    return [list(row.fields) for row in rows]


def test_a_plate_from_typing_to_the_barrier(estate, ask):
    body = {"unit_id": "u1", "plate": "粤b 12345", "label": "白车"}
    made = ask("per_1", "POST", "/resident/plates", body)
    assert (made.status, made.body["plate"], made.body["state"]) == (200, MINE, "PENDING")
    listed = ask("manager", "GET", "/property/plates")
    assert [one["plate"] for one in listed.body["items"]] == [""], "no list shows a plate"
    path = f"/property/plates/{made.body['plate_id']}"
    assert looks(estate, "per_1") == []
    assert ask("manager", "GET", path).body["plate"] == MINE
    assert looks(estate, "per_1") == [["plate"]]
    assert ask("guard", "GET", path).status == 403
    decided = ask("clerk", "POST", f"{path}/decision", {"approve": True})
    assert (decided.status, decided.body["state"], decided.body["plate"]) == (200, "APPROVED", "")
    estate.wait(seconds=5)
    estate.see(MINE)
    assert len(estate.ops) == 1
    assert ask("per_2", "DELETE", f"/resident/plates/{made.body['plate_id']}").status == 404
    assert ask("per_1", "DELETE", f"/resident/plates/{made.body['plate_id']}").status == 200
    assert ask("per_1", "GET", "/resident/plates").body["items"][0]["state"] == "ENDED"


def test_the_same_key_registers_one_visit(estate, ask):
    body = {
        "unit_id": "u1",
        "plate": GUEST,
        "starts": estate.at.isoformat(),
        "ends": (estate.at + timedelta(hours=3)).isoformat(),
    }
    first, again = (
        ask("per_1", "POST", "/resident/visitor-plates", body, idempotency_key="key-00000001")
        for _ in range(2)
    )
    assert (first.status, first.body) == (200, again.body)
    assert len(ask("per_1", "GET", "/resident/visitor-plates").body["items"]) == 1
    path = f"/resident/visitor-plates/{first.body['visit_id']}"
    assert ask("per_1", "GET", path).body["state"] == "APPROVED"
    assert ask("per_2", "GET", path).status == 404
    assert ask("per_1", "POST", f"{path}/cancel").body["state"] == "CANCELLED"


@pytest.mark.parametrize(
    "changed",
    [
        {"entries_allowed": 0},
        {"entries_allowed": -1},
        {"plate": "粤" * 200},
        {"starts": "yesterday"},
        {"starts": "2026-11-21T08:00:00"},
        {"payer": "nobody"},
        {"free_minutes": 999},
        {"plate": "粤B\u202e12345"},
    ],
)
def test_bad_input_is_refused(estate, ask, changed):
    body = {
        "unit_id": "u1",
        "plate": GUEST,
        "starts": estate.at.isoformat(),
        "ends": (estate.at + timedelta(hours=3)).isoformat(),
        **changed,
    }
    reply = ask("per_1", "POST", "/resident/visitor-plates", body)
    assert (reply.status, reply.code) == (400, "invalid_request")


def test_the_guard_sees_the_car_and_whose_it_may_be_on_record(estate, ask):
    estate.register("粤B01234")
    estate.see("粤BO1234")
    (arrival,) = ask("guard", "GET", "/property/arrivals").body["items"]
    path = f"/property/arrivals/{arrival['arrival_id']}"
    shown = ask("guard", "GET", path)
    assert shown.status == 200, shown.body
    assert shown.body["reading"] == "粤BO1234"
    (candidate,) = shown.body["candidates"]
    assert candidate["plate"] == "粤B01234"
    assert looks(estate, "per_1") == [["plate", "units"]]
    body = {"candidate_id": candidate["candidate_id"]}
    assert ask("guard", "POST", f"{path}/admit", body).body["state"] == "ADMITTED"
    assert ask("guard", "POST", f"{path}/turn-away", {}).status == 409
    assert ask("clerk", "POST", f"{path}/admit", {}).status == 403


def test_one_stay_is_shown_for_a_ticket_and_lists_name_nobody(estate, ask):
    estate.register()
    estate.see(MINE)
    estate.see(STRANGER)
    listed = ask("guard", "GET", "/property/stays?park_id=main")
    assert [one["kind"] for one in listed.body["items"]] == ["resident"]
    assert MINE not in str(listed.body)
    path = f"/property/stays/{listed.body['items'][0]['stay_id']}"
    assert ask("manager", "GET", path).code == "ticket_required"
    assert ask("guard", "GET", f"{path}?purpose=complaint&ticket=WO-1").status == 403
    shown = ask("manager", "GET", f"{path}?purpose=complaint&ticket=WO-1")
    assert (shown.body["plate"], shown.body["unit_id"]) == (MINE, "u1")
    assert looks(estate, "per_1") == [["plate", "still", "units"]]
    assert ask("guard", "POST", f"{path}/close").body["orphan"] == "closed_by_hand"


def test_car_parks_are_the_managers_and_their_free_spaces_everybodys(estate, ask):
    body = {"name": "库", "spaces": 5, "guest_spaces": 2, "lanes": {"lane-in": "in"}}
    made = ask("manager", "POST", "/property/car-parks", body)
    assert made.status == 200, made.body
    taken = ask("manager", "POST", "/property/car-parks", body)
    assert (taken.status, taken.code) == (422, "lane_taken")
    wrong = ask("manager", "POST", "/property/car-parks", {**body, "guest_spaces": 6, "lanes": {}})
    assert (wrong.status, wrong.code) == (422, "too_many_guest_spaces")
    path = f"/property/car-parks/{made.body['park_id']}"
    assert ask("manager", "PUT", path, {**body, "spaces": 6}).body["free"] == 6
    assert ask("guard", "PUT", path, body).status == 403
    estate.invite()
    estate.see(GUEST)
    (shown,) = ask("per_9", "GET", "/resident/car-parks").body["items"]
    assert (shown["free"], shown["free_for_guests"]) == (5, 1)
    assert "inside" not in shown


def test_the_policy_is_read_and_decided(estate, ask):
    policy = ask("clerk", "GET", "/property/parking-policy").body
    assert policy["approve_plates"] is True
    changed = {**policy, "approve_plates": False}
    assert ask("clerk", "PUT", "/property/parking-policy", changed).status == 403
    assert ask("manager", "PUT", "/property/parking-policy", changed).body == changed
    bad = {**policy, "visits_per_month": -1}
    assert ask("manager", "PUT", "/property/parking-policy", bad).status == 400

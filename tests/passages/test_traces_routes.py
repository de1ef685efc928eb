"""Traces over HTTP: roles, tickets, and personal fields that never leave without a look."""

import uuid
from datetime import timedelta
from urllib.parse import urlencode

import pytest

from chalicelib.core import clock
from chalicelib.identity import public as identity
from tests.passages.conftest import Estate


@pytest.fixture
def token(sign, estate: Estate):
    identity.found_community(estate.community, "和苑")

    def signed(role: str = "resident", subject: str = "per_1") -> str:
        portals = {"resident": "resident", "committee_member": "committee"}
        audience = portals.get(role, "property")
        made = sign(
            estate.community, subject, audience=audience, roles=[role], node=estate.community
        )
        return str(made)

    return signed


def window(estate: Estate, **more: str) -> str:
    now = clock.now()
    asked = {
        "device_id": estate.gate,
        "since": (now - timedelta(hours=2)).isoformat(),
        "until": (now + timedelta(hours=1)).isoformat(),
        **more,
    }
    return f"/property/incident-passages?{urlencode(asked)}"


def test_a_resident_reads_their_trail_and_who_looked_at_it(http, estate, token):
    estate.passes(estate.card())
    (one,) = http("GET", "/resident/passages", token=token()).body["items"]
    assert (one["place_id"], one["method"], one["unit_id"]) == ("east", "card", "u1")
    asked = window(estate, purpose="快递丢失", ticket="WO-1")
    seen = http("GET", asked, token=token("property_manager", "staff_1"))
    assert seen.body["items"][0]["name"] == "王小芳"
    (look,) = http("GET", "/resident/views", token=token()).body["items"]
    assert (look["viewer_id"], look["ticket"]) == ("staff_1", "WO-1")


def test_without_ticket_no_data_and_no_row(http, estate, token):
    estate.passes(estate.card())
    refused = http("GET", window(estate), token=token("property_manager"))
    assert (refused.status, refused.code) == (403, "ticket_required")
    assert http("GET", "/resident/views", token=token()).body["items"] == []


@pytest.mark.parametrize("role", ["guard", "property_clerk", "worker"])
def test_history_is_the_managers_alone(http, estate, token, role):
    asked = window(estate, purpose="x", ticket="WO-1")
    assert http("GET", asked, token=token(role)).status == 403


def test_a_guard_takes_up_a_gate_and_sees_it_masked(http, estate, token):
    guard = token("guard", "staff_g")
    assert http("GET", "/property/passages", token=guard).code == "no_post"
    taken = http(
        "POST",
        "/property/gate-post",
        {"device_id": estate.gate},
        token=guard,
        idempotency_key=str(uuid.uuid4()),
    )
    assert taken.status == 200, taken.body
    estate.passes(estate.card())
    (one,) = http("GET", "/property/passages", token=guard).body["items"]
    assert one["name"] == "王**"


def test_nobody_can_ask_for_a_person(http, estate, token):
    asked = window(estate, purpose="x", ticket="WO-1", person_id="per_1")
    assert http("GET", asked, token=token("property_manager")).status == 400


def test_the_committee_gets_figures_and_no_trail(http, estate, token):
    owner = token("committee_member", "per_c")
    assert http("GET", "/committee/gate-counts", token=owner).body == {"items": []}
    for path in ("/property/passages", "/property/gate-counts", "/resident/passages"):
        assert http("GET", path, token=owner).status == 403


def test_thresholds_are_the_managers_to_set(http, estate, token):
    manager = token("property_manager")
    wanted = dict.fromkeys(("uses", "subjects", "companions"), 7) | {"nights": 3}
    wanted |= {"night_from": 23, "night_until": 5}
    assert http("PUT", "/property/passage-thresholds", wanted, token=manager).body == wanted
    assert http("GET", "/property/passage-thresholds", token=manager).body == wanted
    absurd = {**wanted, "uses": -1}
    assert http("PUT", "/property/passage-thresholds", absurd, token=manager).status == 400
    assert http("GET", "/property/reviews", token=manager).body["items"] == []

"""The way of a new resident over HTTP, from WeChat to a flat, and what is no such wish."""

import hashlib
import json
import uuid
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from chalicelib.core import aws
from chalicelib.core.audit import View
from chalicelib.core.config import settings
from chalicelib.core.table import tenant_key
from chalicelib.identity import public as identity
from chalicelib.identity.rules.people import Tie
from chalicelib.identity.service import people
from chalicelib.identity.service.organisation import Place

PICTURE = b"\xff\xd8\xff\xe0 a deed, as far as anybody here looks"


@pytest.fixture
def estate(tree):
    """Two flats of a house, and who owns the first."""
    for room in ("101", "102"):
        at = Place("1号楼", "2单元", room, 8937)
        identity.add_unit(tree.community, f"flat-{room}", room, at=at)
    identity.register_person(tree.community, name="林晓", person_id="owner")
    identity.move_in(tree.community, "flat-101", "owner", Tie.OWNER)
    return tree


@pytest.fixture
def clerk(estate, sign):
    return sign(estate.community, "clerk", audience="property", roles=["property_clerk"])


@pytest.fixture
def newcomer(http, wechat, estate):
    """The token of somebody whom nobody knows, signed in by WeChat in the estate they chose."""
    code = wechat.login_code(f"o_{uuid.uuid4().hex}")
    ticket = http("POST", "/session/wechat", {"js_code": code}).body["ticket"]
    phone = f"137{uuid.uuid4().int % 10**8:08}"
    places = http("GET", f"/session/places?under={estate.neighbourhood}").body["items"]
    body = {"ticket": ticket, "phone_code": wechat.phone_code(phone)}
    chosen = {**body, "community_id": places[0]["node_id"]}
    return http("POST", "/session/phone", chosen).body["session"]["access_token"]


def below(http, token: str, *names: str) -> dict[str, Any]:
    """Walk down the tree by the names on the doors; return the last one's place."""
    path, place = "", {}
    for name in names:
        found = http("GET", f"/resident/tree?limit=100{path}", token=token).body
        assert "owner" not in json.dumps(found)
        (place,) = [one for one in found["items"] if one["name"] == name]
        path = f"&under={place['path']}"
    return place


def upload(http, token: str, content: bytes = PICTURE) -> tuple[str, requests.Response]:
    said = {"content_type": "image/jpeg", "bytes": len(PICTURE)}
    asked = {**said, "sha256": hashlib.sha256(PICTURE).hexdigest()}
    grant = http("POST", "/resident/evidence", asked, token=token).body
    sent = requests.post(grant["url"], grant["fields"], files={"file": content}, timeout=5)
    return grant["key"], sent


def test_a_new_resident_finds_their_flat_and_the_company_lets_them_in(
    http, newcomer, clerk, estate
):
    unit = below(http, newcomer, "1号楼", "2单元", "102")
    key, sent = upload(http, newcomer)
    assert sent.ok
    wish = {"unit_id": unit["node_id"], "tie": "owner", "evidence_key": key, "name": "周敏"}
    asked = http("POST", "/resident/bindings", wish, token=newcomer).body
    (waiting,) = http("GET", "/property/bindings", token=clerk).body["items"]
    assert waiting["binding_id"] == asked["binding_id"]

    seen = http("GET", f"/property/bindings/{asked['binding_id']}", token=clerk).body
    assert (seen["name"], seen["binding"]["tie"]) == ("周敏", "owner")
    assert requests.get(seen["evidence_url"], timeout=5).content == PICTURE
    assert parse_qs(urlsplit(seen["evidence_url"]).query)["X-Amz-Expires"] == ["120"]
    (look,) = View.query(tenant_key(estate.community, asked["person_id"]))
    assert (look.view_id, look.viewer_id) == (seen["view_id"], "clerk")
    assert sorted(look.fields) == ["evidence", "name"]

    decision = f"/property/bindings/{asked['binding_id']}/decision"
    assert http("POST", decision, {"approve": True}, token=clerk).body["state"] == "APPROVED"
    (home,) = http("GET", "/resident/units", token=newcomer).body["items"]
    assert (home["unit_id"], home["tie"]) == ("flat-102", "owner")
    (look,) = http("GET", "/resident/views", token=newcomer).body["items"]
    assert look["purpose"] == "binding"


def test_an_owner_sees_who_wishes_to_live_with_them(http, newcomer, estate, sign):
    wish = {"unit_id": "flat-101", "tie": "family", "name": "周敏"}
    asked = http("POST", "/resident/bindings", wish, token=newcomer).body
    path, owner = f"/resident/bindings/{asked['binding_id']}", sign(estate.community, "owner")
    seen = http("GET", path, token=owner).body
    assert (seen["name"], seen["evidence_url"]) == ("周敏", None)
    assert [look.viewer_id for look in View.query(tenant_key(estate.community, asked["person_id"]))]
    for stranger in (newcomer, sign(estate.community, "nobody")):
        assert http("GET", path, token=stranger).code == "no_such_binding"
    assert http("POST", f"{path}/decision", {"approve": True}, token=owner).status == 200
    assert identity.answerers(estate.community, "flat-101") == ["owner", asked["person_id"]]


def test_an_owner_does_not_see_anothers_deed(http, newcomer, estate, sign):
    key, _ = upload(http, newcomer)
    wish = {"unit_id": "flat-101", "tie": "co_owner", "evidence_key": key, "name": "周敏"}
    asked = http("POST", "/resident/bindings", wish, token=newcomer).body
    path = f"/resident/bindings/{asked['binding_id']}"
    assert http("GET", path, token=sign(estate.community, "owner")).code == "property_decides"


def test_a_clerk_sees_no_child(http, estate, clerk, sign):
    kid = identity.register_person(estate.community, name="小明")
    wish = {"unit_id": "flat-101", "tie": "child", "for_person": kid}
    asked = http("POST", "/resident/bindings", wish, token=sign(estate.community, "owner")).body
    path = f"/property/bindings/{asked['binding_id']}"
    assert http("GET", path, token=clerk).code == "child_needs_manager"
    manager = sign(estate.community, "m", audience="property", roles=["property_manager"])
    assert http("GET", path, token=manager).body["name"] == "小明"


def test_a_wish_says_who(http, newcomer, estate):
    wish = {"unit_id": "flat-101", "tie": "family"}
    refused = http("POST", "/resident/bindings", wish, token=newcomer)
    assert (refused.status, refused.code) == (422, "name_required")
    asked = http("POST", "/resident/bindings", {**wish, "name": "周敏"}, token=newcomer).body
    person = people.person_of(estate.community, asked["person_id"])
    assert people.opened(person, "name") == "周敏"
    assert "周敏" not in str(person.serialize())
    other = {"unit_id": "flat-102", "tie": "family", "name": "林晓"}
    assert http("POST", "/resident/bindings", other, token=newcomer).code == "name_differs"


def test_evidence_is_ones_own_and_there(http, newcomer, estate, sign):
    digest = "a" * 64
    theirs = f"{estate.community}/evidence/owner/{digest}.jpg"
    aws.client("s3").put_object(Bucket=settings().media_bucket, Key=theirs, Body=b"x")
    mine = http("GET", "/resident/me", token=newcomer).body["subject_id"]
    folder = f"{estate.community}/evidence/{mine}"
    for key in (theirs, f"{folder}/{digest}.jpg", f"{folder}/../owner/{digest}.jpg", "x"):
        wish = {"unit_id": "flat-102", "tie": "owner", "evidence_key": key, "name": "周敏"}
        refused = http("POST", "/resident/bindings", wish, token=newcomer)
        assert (refused.status, refused.code) == (422, "evidence_missing"), key
    assert http("GET", "/resident/bindings", token=newcomer).body["items"] == []


def test_an_upload_is_exactly_what_was_said(http, newcomer):
    _, longer = upload(http, newcomer, PICTURE + b"x")
    _, shorter = upload(http, newcomer, PICTURE[:-1])
    assert not longer.ok
    assert not shorter.ok
    for wrong in (
        {"content_type": "application/pdf", "bytes": 9, "sha256": "a" * 64},
        {"content_type": "image/jpeg", "bytes": 10 * 1024 * 1024 + 1, "sha256": "a" * 64},
        {"content_type": "image/jpeg", "bytes": 9, "sha256": "../x"},
        {"content_type": "image/jpeg", "bytes": 9, "sha256": "a" * 64, "key": "mine"},
    ):
        assert http("POST", "/resident/evidence", wrong, token=newcomer).code == "invalid_request"

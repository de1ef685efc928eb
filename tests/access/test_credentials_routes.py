"""Credentials over HTTP: who may, under which rights, what is answered and what goes on record."""

import uuid

import pytest

from chalicelib.core.audit import View
from chalicelib.core.table import tenant_key
from chalicelib.identity.rules.consent import Purpose, current
from tests.access.cabins import settle

CARD = {"person_id": "per_1", "unit_id": "u1", "kind": "card", "number": "04 A2 2B 91 77 80"}
WITHDRAWN = {"reason": "门卡遗失"}
LOOK = "purpose=lost_card&ticket=WO-2026-0042"


@pytest.fixture
def ask(http, sign, house):
    def send(method, path, body=None, *, role="resident", person="per_1", key=None):
        audience = "resident" if role == "resident" else "property"
        token = sign(house.community, person, audience=audience, roles=[role])
        headers = {"idempotency_key": key or uuid.uuid4().hex} if method == "POST" else {}
        return http(method, path, body, token=token, **headers)

    return send


def manager(ask, method, path, body=None, **more):
    return ask(method, path, body, role="property_manager", person="per_m", **more)


def test_a_card_is_given_once_for_one_key_and_withdrawn_once(ask):
    key = uuid.uuid4().hex
    first = manager(ask, "POST", "/property/credentials", CARD, key=key)
    assert (first.status, first.body["state"]) == (200, "ACTIVE"), first.body
    assert "person_id" not in first.body, "staff get whose it is only on record"
    assert manager(ask, "POST", "/property/credentials", CARD, key=key).body == first.body
    again = manager(ask, "POST", "/property/credentials", {**CARD, "person_id": "per_2"})
    assert (again.status, again.code) == (409, "card_taken")
    path = f"/property/credentials/{first.body['credential_id']}/withdraw"
    key = uuid.uuid4().hex
    ends = [manager(ask, "POST", path, WITHDRAWN, key=key) for _ in range(2)]
    assert {end.status for end in ends} == {200}, ends[0].body
    assert ends[0].body == ends[1].body
    other = manager(ask, "POST", path, WITHDRAWN)
    assert (other.status, other.body["state"]) == (200, "WITHDRAWN")


def test_a_flats_credentials_are_shown_on_record_alone(ask, house):
    manager(ask, "POST", "/property/credentials", CARD)
    bare = manager(ask, "GET", "/property/units/u1/credentials")
    assert (bare.status, bare.code) == (403, "ticket_required")
    shown = manager(ask, "GET", f"/property/units/u1/credentials?{LOOK}")
    assert shown.status == 200, shown.body
    assert [one["last4"] for one in shown.body["items"]] == ["7780"]
    (look,) = View.query(tenant_key(house.community, "per_1"))
    assert (look.viewer_id, look.ticket) == ("per_m", "WO-2026-0042")


@pytest.mark.parametrize("role", ["guard", "worker"])
def test_guards_and_workers_hand_out_nothing(ask, role):
    for method, path, body in (
        ("POST", "/property/credentials", CARD),
        ("GET", f"/property/units/u1/credentials?{LOOK}", None),
        ("PUT", "/property/allow-list", {"life_s": 3600}),
    ):
        reply = ask(method, path, body, role=role)
        assert (reply.status, reply.code) == (403, "not_permitted"), path


def test_a_resident_has_codes_pins_and_with_consent_a_face(ask, house):
    wish = {"unit_id": "u1", "kind": "face", "doors": [house.gate.device_id]}
    refused = ask("POST", "/resident/credentials", wish)
    assert (refused.status, refused.code) == (422, "consent_required")
    by_staff = manager(ask, "POST", "/property/credentials", {**wish, "person_id": "per_1"})
    assert (by_staff.status, by_staff.code) == (422, "consent_required")
    made = [ask("POST", "/resident/credentials", {"unit_id": "u1", "kind": k}) for k in OTHERS]
    assert [one.status for one in made] == [200] * 3, [one.body for one in made]
    shown = [
        ask("GET", f"/resident/credentials/{one.body['credential_id']}/code").body for one in made
    ]
    assert shown[0]["token"].startswith("LS1.cred_")
    assert len(shown[2]["pin"]) == 8
    notice = current(Purpose.FACE_RECOGNITION)
    said = {"purpose": "face_recognition", "decision": "given", "channel": "settings"}
    said |= {"text_version": notice.version, "text_sha256": notice.sha256}
    assert ask("POST", "/resident/consents", said).status == 200
    face = ask("POST", "/resident/credentials", wish)
    assert (face.status, face.body["state"]) == (200, "ISSUED"), face.body
    settle(house.community)
    kinds = [one["kind"] for one in ask("GET", "/resident/credentials").body["items"]]
    assert sorted(kinds) == ["face", "phone", "pin", "qr"]


OTHERS = ("qr", "phone", "pin")


def test_what_a_client_may_not_set_is_refused(ask, house):
    face = {"unit_id": "u1", "kind": "face", "doors": [house.gate.device_id]}
    for more in ({"image": "x"}, {"template": "x"}, {"state": "ACTIVE"}, {"number": "1234"}):
        assert ask("POST", "/resident/credentials", {**face, **more}).status == 400
    assert ask("POST", "/resident/credentials", {"unit_id": "u1", "kind": "iris"}).status == 400
    for life in (0, 599, 7 * 86_400 + 1, "x"):
        assert manager(ask, "PUT", "/property/allow-list", {"life_s": life}).status == 400
    set_to = manager(ask, "PUT", "/property/allow-list", {"life_s": 3600})
    assert (set_to.status, set_to.body["life_s"]) == (200, 3600)


def test_a_person_vouches_over_http_only_for_what_is_awaited(ask, house):
    made = manager(ask, "POST", "/property/credentials", CARD).body["credential_id"]
    path = f"/property/credentials/{made}/receipts"
    assert manager(ask, "GET", path).body["enrolled_on"] == []
    reply = manager(ask, "POST", f"{path}/{house.gate.device_id}", WITHDRAWN)
    assert (reply.status, reply.code) == (422, "nothing_awaited")

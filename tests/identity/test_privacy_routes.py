import pytest

from chalicelib.identity.rules.consent import Purpose, current
from chalicelib.identity.rules.people import Tie
from chalicelib.identity.tables.organisation import Community, Unit
from tests.identity.residents import NAME, PHONE, settle

FACE = current(Purpose.FACE_RECOGNITION)
GIVEN = {
    "purpose": "face_recognition",
    "decision": "given",
    "text_version": FACE.version,
    "text_sha256": FACE.sha256,
}
STREET = "county_1/street_1"


@pytest.fixture
def home(cloud, community) -> str:
    Community(community_id=community, name="和苑", path=f"{STREET}/nb_1/{community}").save()
    Unit(community_id=community, unit_id="u1", name="101").save()
    settle(community)
    settle(community, "per_2", tie=Tie.FAMILY)
    return str(community)


@pytest.fixture
def ask(http, sign, home):
    def do(method: str, path: str, body=None, *, role="resident", person="per_1", key="", **claims):
        audience = {"resident": "resident", "property_manager": "property", "guard": "property"}
        portal = audience.get(role, "government")
        place = home if portal != "government" else ""
        node = f"{STREET}/nb_1/{home}" if place else STREET
        token = sign(place, person, audience=portal, roles=[role], **{"node": node, **claims})
        headers = {"idempotency_key": key} if key else {}
        return http(method, path, body, token=token, **headers)

    return do


def test_consent_over_http(ask):
    shown = ask("GET", "/resident/consents").body["items"]
    face = next(item for item in shown if item["purpose"] == "face_recognition")
    said = {name: face[name] for name in ("purpose", "text_version", "text_sha256")}
    given = ask("POST", "/resident/consents", {**said, "decision": "given"})
    assert (given.status, given.body["state"]) == (200, "given")
    path = f"/resident/consents/{given.body['consent_id']}/withdraw"
    assert ask("POST", path, person="per_2").code == "no_such_consent"
    assert ask("POST", path).body["state"] == "withdrawn"


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"granted_by": "per_2"}, 400, "invalid_request"),
        ({"purpose": "everything"}, 400, "invalid_request"),
        ({"text_version": "x" * 1_000_000}, 400, "invalid_request"),
        ({"text_version": "2026\u202e11"}, 400, "invalid_request"),
        ({"text_sha256": "0" * 64}, 422, "consent_text_changed"),
        ({"person_id": "per_2"}, 404, "no_such_person"),
        ({"person_id": "per_none"}, 404, "no_such_person"),
    ],
)
def test_a_bad_decision_has_its_code_and_changes_nothing(ask, change, status, code):
    before = ask("GET", "/resident/consents").body
    reply = ask("POST", "/resident/consents", {**GIVEN, **change})
    assert (reply.status, reply.code) == (status, code)
    assert ask("GET", "/resident/consents").body == before


def test_a_look_needs_a_ticket_and_shows_on_the_residents_list(ask):
    path = "/property/residents/per_1"
    for query in ("", "?purpose=repair", "?ticket=WO-1", "?purpose=repair&ticket="):
        reply = ask("GET", path + query, role="property_manager", person="per_m")
        assert (reply.status, reply.code) == (403, "ticket_required")
    seen = ask("GET", f"{path}?purpose=repair&ticket=WO-1", role="guard", person="per_g").body
    assert (seen["name"], seen["phone"]) == (f"{NAME[0]}**", None)
    (look,) = ask("GET", "/resident/views").body["items"]
    assert (look["view_id"], look["viewer_id"]) == (seen["view_id"], "per_g")
    assert ask("GET", "/resident/views", person="per_2").body["items"] == []


def test_an_export_and_then_a_deletion(ask, sign, http, home):
    assert ask("GET", "/resident/export").body["data"]["person"][0]["phone"] == PHONE
    for wrong in ({}, {"confirm": "yes"}):
        reply = ask("POST", "/resident/deletion", wrong, person="per_2", key="key-00000001")
        assert (reply.status, reply.code) == (400, "invalid_request")
    sure = {"confirm": "delete_my_data"}
    assert (
        ask("POST", "/resident/deletion", sure, person="per_2").code == "idempotency_key_required"
    )
    done = ask("POST", "/resident/deletion", sure, person="per_2", key="key-00000001")
    assert done.status == 200
    assert done.body["due_at"] > done.body["asked_at"]
    reply = ask("GET", "/property/residents/per_2?purpose=care&ticket=T1", role="guard")
    assert reply.status == 404


def test_a_disclosure_over_http(ask, home):
    wanted = {
        "community_id": home,
        "subject_id": "per_1",
        "fields": ["name"],
        "case_number": "A123-2026",
        "document_number": "DOC-45",
        "document_sha256": "0" * 64,
        "officer_name": "李警官",
        "officer_badge": "031234",
        "purpose": "盗窃案件侦查",
        "secret_days": 9,
    }
    police = {"role": "police_officer", "person": "per_p"}
    asked = ask("POST", "/government/disclosures", wanted, key="key-00000001", **police)
    again = ask("POST", "/government/disclosures", wanted, key="key-00000001", **police)
    assert (asked.status, asked.body["state"]) == (200, "asked")
    assert again.body == asked.body
    two = ask(
        "POST", "/government/disclosures", {**wanted, "phone": PHONE}, key="key-00000009", **police
    )
    assert (two.status, two.code) == (422, "one_subject")
    path = f"/government/disclosures/{asked.body['disclosure_id']}"
    release = {"verdict": "release", "community_id": home, "secret_days": 9}
    assert ask("POST", f"{path}/release", release, key="key-00000002", **police).status == 403
    for number, state in ((1, "half_released"), (2, "released")):
        safe = {"role": "security_admin", "person": f"per_s{number}"}
        (waiting,) = ask("GET", "/government/disclosures", **safe).body["items"]
        assert (waiting["secret_days"], waiting["hidden_until"] is None) == (9, False)
        reply = ask("POST", f"{path}/release", release, key="key-00000003", **safe)
        assert reply.body["state"] == state
    shown = ask("GET", f"{path}?community_id={home}", **police).body
    assert [one["values"] for one in shown["disclosed"]["people"]] == [{"name": NAME}]
    away = ask("GET", f"{path}?community_id={home}", node="county_1/street_2", **police)
    assert (away.status, away.code) == (404, "no_such_disclosure")
    assert ask("GET", path, **police).code == "invalid_request"
    audit = {"role": "audit_admin", "person": "per_a"}
    assert ask("GET", f"{path}?community_id={home}", **audit).body["disclosed"] is None


def test_who_lives_in_a_flat_is_a_look_at_each_of_them(ask):
    path = "/property/units/u1/residents"
    clerk = {"role": "property_manager", "person": "per_m"}
    assert ask("GET", path, **clerk).code == "ticket_required"
    seen = ask("GET", f"{path}?purpose=repair&ticket=WO-1", role="guard", person="per_g").body
    assert {one["name"] for one in seen["items"]} == {f"{NAME[0]}**"}
    assert {one["person_id"] for one in seen["items"]} == {"per_1", "per_2"}
    (look,) = ask("GET", "/resident/views", person="per_2").body["items"]
    assert (look["viewer_id"], look["fields"]) == ("per_g", ["name", "units"])
    assert "ties" not in ask("GET", "/property/units/u1", **clerk).body

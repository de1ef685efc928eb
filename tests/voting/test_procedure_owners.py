"""What owners do about a procedure: they petition, are delivered to, and object to a result."""

from datetime import timedelta

from chalicelib.identity.rules.people import Tie
from chalicelib.voting.service import delivery
from chalicelib.voting.service.held import held_of
from chalicelib.voting.tables.petitions import Petition
from chalicelib.voting.tables.votes import VoteRow
from tests.voting.assembly import CLOSES_ON, OPENS_ON, TODAY, on

ENTERED_BY = CLOSES_ON + timedelta(days=3)
WISH = {"title": "请求召开临时业主大会", "reason": "电梯多次困人", "matters": ["更换电梯"]}
SCAN = "ab" * 32


def petitioned(assembly):
    reply = assembly.resident("per_1", "POST", "/petitions", WISH)
    assert reply.status == 200, reply.body
    row = Petition.find(assembly.community, reply.body["petition_id"])
    assert row is not None
    assembly.freeze(row.roll_id)
    return row.petition_id


def signed(assembly, petition_id, person, group):
    path = f"/petitions/{petition_id}/signatures"
    return assembly.resident(person, "POST", path, {"group": group})


def test_a_fifth_of_the_owners_forces_a_meeting(assembly):
    petition_id = petitioned(assembly)
    lines = assembly.resident("per_1", "GET", f"/petitions/{petition_id}/lines").body
    assert lines == {"groups": ["u001"]}
    first = signed(assembly, petition_id, "per_1", "u001").body
    assert (first["state"], first["heads"], first["roll_heads"]) == ("OPEN", 1, 6)
    reply = assembly.chair("POST", "/votes", assembly.wish(petition_id=petition_id))
    assert (reply.status, reply.code) == (422, "petition_not_reached")
    second = signed(assembly, petition_id, "per_2", "u002").body
    assert (second["state"], second["area"]) == ("REACHED", 20_003)
    assert assembly.chair("GET", "/petitions").body["items"][0]["state"] == "REACHED"
    vote_id = assembly.noticed(petition_id=petition_id)
    shown = assembly.resident("per_3", "GET", f"/petitions/{petition_id}").body
    assert (shown["state"], shown["vote_id"]) == ("CONVENED", vote_id)
    assert signed(assembly, petition_id, "per_3", "u003").code == "petition_over"


def test_each_head_signs_once_and_only_for_itself(assembly):
    petition_id = petitioned(assembly)
    assert signed(assembly, petition_id, "per_1", "u001").status == 200
    reply = signed(assembly, petition_id, "per_1", "u001")
    assert (reply.status, reply.code) == (409, "already_signed")
    assert signed(assembly, petition_id, "per_1", "u002").status == 404
    assembly.settle("per_tenant", "u003", Tie.TENANT)
    assert signed(assembly, petition_id, "per_tenant", "u003").status == 404
    shown = assembly.resident("per_1", "GET", f"/petitions/{petition_id}").body
    assert (shown["heads"], shown["area"]) == (1, 10_001)


def test_a_tenant_opens_no_petition_and_none_lasts_for_ever(assembly):
    assembly.settle("per_tenant", "u003", Tie.TENANT)
    assert assembly.resident("per_tenant", "POST", "/petitions", WISH).code == "not_an_owner"
    petition_id = petitioned(assembly)
    with on(TODAY + timedelta(days=61)):
        assert signed(assembly, petition_id, "per_1", "u001").code == "petition_over"


def test_who_asks_by_area_needs_a_fifth_of_the_area(assembly):
    assembly.officer("PUT", "/bylaws", {"convening_by": "AREA"})
    assembly.flat(7, area=100_000)  # nobody's: it counts all the same
    petition_id = petitioned(assembly)
    for number in range(1, 4):
        shown = signed(assembly, petition_id, f"per_{number}", f"u{number:03}").body
        assert shown["state"] == "OPEN"
    assert signed(assembly, petition_id, "per_4", "u004").body["state"] == "REACHED"


def test_an_owners_look_is_a_delivery_and_a_tenants_is_none(assembly):
    assembly.settle("per_tenant", "u002", Tie.TENANT)
    vote_id = assembly.noticed()
    at = f"/votes/{vote_id}/opening"
    assert assembly.resident("per_tenant", "POST", at).status == 404
    for _ in range(2):
        assert assembly.resident("per_1", "POST", at).body["unit_ids"] == ["u001"]
    vote = VoteRow.find(assembly.community, vote_id)
    assert vote is not None
    assert delivery.delivered(vote) == ["u001"]


def test_a_signature_needs_its_scan_and_an_sms_delivers_nothing(assembly):
    vote_id = assembly.noticed()
    at = f"/votes/{vote_id}/deliveries"

    def record(unit_id, kind, **more):
        return assembly.chair("POST", at, {"unit_id": unit_id, "kind": kind, **more})

    assert record("u001", "SIGNED").code == "delivery_evidence"
    assert record("u001", "OPENED_BY_OWNER").code == "delivery_by_owner"
    assert record("u999", "SIGNED", evidence_sha256=SCAN).status == 404
    assert record("u001", "SIGNED", evidence_sha256=SCAN).body["is_effective"] is True
    for unit_id, kind in (
        ("u002", "SMS_SENT"),
        ("u003", "SIGNED_BY_TENANT"),
        ("u004", "PUBLIC_NOTICE"),
    ):
        assert record(unit_id, kind).body["is_effective"] is False
    vote = VoteRow.find(assembly.community, vote_id)
    assert vote is not None
    assert delivery.delivered(vote) == ["u001"]
    listed = assembly.chair("GET", f"{at}?limit=20").body["items"]
    assert [unit["is_delivered"] for unit in listed] == [True, *[False] * 5]
    assert record("u001", "SIGNED", evidence_sha256=SCAN).status == 409


def test_a_result_is_not_final_before_every_objection_is_answered(assembly):
    vote_id = assembly.opened()
    at = f"/votes/{vote_id}/objections"
    said = {"about": "RESULT", "text": "计票有误，我的电话13800001234"}
    with on(OPENS_ON, 12):
        assert assembly.resident("per_1", "POST", at, said).code == "vote_not_in_that_state"
    assembly.tick(CLOSES_ON)
    assembly.tick(ENTERED_BY)
    with on(ENTERED_BY + timedelta(days=15)):
        raised = assembly.resident("per_1", "POST", at, said)
        assert raised.status == 200, raised.body
        objection_id = raised.body["objection_id"]
        assert "13800001234" not in str(assembly.resident("per_2", "GET", at).body)
        assert "13800001234" not in str(assembly.chair("GET", at).body)
    late = ENTERED_BY + timedelta(days=16)
    with on(late):
        assert assembly.resident("per_2", "POST", at, said).code == "vote_objection_late"
    assembly.tick(late)
    shown = assembly.show(vote_id)
    assert (shown["state"], shown["stuck"]) == ("OBJECTION", "vote_objections_unanswered")
    with on(late, 12):
        seen = assembly.chair("GET", f"{at}/{objection_id}").body
        assert seen["text"] == said["text"]
        told = {"upheld": False, "answer": "经复核，计票无误。"}
        wrong = {**told, "upheld": True, "correction": {"unit_id": "u001", "area": 1}}
        reply = assembly.chair("POST", f"{at}/{objection_id}/answer", wrong)
        assert reply.code == "correction_of_result"
        reply = assembly.chair("POST", f"{at}/{objection_id}/answer", told)
        assert reply.body["state"] == "DISMISSED"
        reply = assembly.chair("POST", f"{at}/{objection_id}/answer", told)
        assert (reply.status, reply.code) == (409, "already_answered")
    assembly.tick(late + timedelta(days=1))
    assert assembly.show(vote_id)["state"] == "FINAL"


def test_who_reads_an_objection_is_on_the_authors_record(assembly):
    vote_id = assembly.noticed()
    at = f"/votes/{vote_id}/objections"
    said = {"about": "ROLL", "text": "面积不对", "unit_id": "u001"}
    objection_id = assembly.resident("per_1", "POST", at, said).body["objection_id"]
    assert assembly.chair("GET", f"{at}/{objection_id}").status == 200
    views = assembly.resident("per_1", "GET", "/views").body["items"]
    assert [view["ticket"] for view in views] == [objection_id]


def test_only_owners_object_and_none_from_elsewhere(assembly):
    assembly.settle("per_tenant", "u003", Tie.TENANT)
    vote_id = assembly.noticed()
    at = f"/votes/{vote_id}/objections"
    said = {"about": "ROLL", "text": "名册有误"}
    assert assembly.resident("per_tenant", "POST", at, said).code == "not_an_owner"
    assert assembly.resident("per_1", "POST", "/votes/vote_0/objections", said).status == 404


def test_a_person_takes_along_what_votes_hold_of_them(assembly):
    vote_id = assembly.noticed()
    said = {"about": "ROLL", "text": "面积不对"}
    assembly.resident("per_1", "POST", f"/votes/{vote_id}/objections", said)
    petition_id = petitioned(assembly)
    signed(assembly, petition_id, "per_1", "u001")
    held = list(held_of(assembly.community, "per_1"))
    kinds = [kind for kind, _ in held]
    assert sorted(set(kinds)) == ["objections", "petition_signatures", "roll_lines"]
    assert ("roll_lines", {"roll_id": vote_id, "group": "u001"}) in held

"""Rolls over HTTP: who is on them, that they stay, and how they are corrected (LAW.md 1.2)."""

from datetime import timedelta

import pytest

from chalicelib.ballot_log.public import canon
from chalicelib.identity import public as identity
from chalicelib.identity.rules.people import Tie
from chalicelib.voting.service import rolls
from chalicelib.voting.tables.rolls import Roll, RollState, RollUnit
from chalicelib.voting.tables.votes import VoteRow
from tests.functions.conftest import kept
from tests.voting.assembly import OPENS_ON, TODAY, on

COMPANY, DEVELOPER = "91330100MA27W0XK0P", "91330100MA2B1111XA"


def titles(assembly, *units):
    reply = assembly.chair("POST", "/titles", {"units": list(units)})
    assert reply.status == 200, reply.body


def groups(assembly, vote_id):
    return {name: sorted(line.units) for name, line in assembly.lines(vote_id).items()}


def may_cast(assembly, person, vote_id):
    items = assembly.resident(person, "GET", f"/votes/{vote_id}/lines").body["items"]
    return [(own["line"]["group"], own["may_cast"]) for own in items]


def object_to(assembly, person, vote_id, **more):
    said = {"about": "ROLL", "text": "名册有误", **more}
    return assembly.resident(person, "POST", f"/votes/{vote_id}/objections", said)


def answer(assembly, vote_id, objection_id, **more):
    said = {"upheld": True, "answer": "已核对", **more}
    return assembly.chair("POST", f"/votes/{vote_id}/objections/{objection_id}/answer", said)


def test_heads_are_those_of_the_law(assembly):
    identity.move_in(assembly.community, "u002", "per_1", Tie.CO_OWNER)
    assembly.settle("per_tenant", "u003", Tie.TENANT)
    assembly.flat(7)
    assembly.flat(8)
    assembly.flat(9)
    identity.move_in(assembly.community, "u009", "per_1", Tie.OWNER)
    unsold = {"holding": "UNSOLD", "company_id": DEVELOPER, "representative": "per_4"}
    titles(
        assembly,
        {"unit_id": "u007", **unsold},
        {"unit_id": "u008", **unsold, "holding": "UNDELIVERED"},
    )
    vote_id = assembly.noticed()
    assert groups(assembly, vote_id) == {
        "u001": ["u001", "u009"],  # one buyer of two parts
        "u002": ["u002"],  # {per_1, per_2} is another set of owners
        "u003": ["u003"],
        "u004": ["u004"],
        "u005": ["u005"],
        "u006": ["u006"],
        "u007": ["u007", "u008"],  # the developer: unsold and undelivered, one head
    }
    assert may_cast(assembly, "per_1", vote_id) == [("u001", True), ("u002", True)]
    assert may_cast(assembly, "per_2", vote_id) == [("u002", True)]
    assert may_cast(assembly, "per_tenant", vote_id) == []
    assert may_cast(assembly, "per_4", vote_id) == [("u004", True), ("u007", True)]


def test_a_company_is_one_head_and_its_representative_votes(assembly):
    assembly.flat(7)
    company = {"company_id": COMPANY, "representative": "per_5"}
    titles(assembly, {"unit_id": "u007", **company})
    vote_id = assembly.noticed()
    line = assembly.lines(vote_id)["u007"]
    assert (list(line.owners), list(line.voters)) == ([f"company:{COMPANY}"], ["per_5"])


def test_a_flat_that_nobody_is_known_to_own_counts_and_votes_on_paper_only(assembly):
    assembly.flat(7, area=20_000)
    vote_id = assembly.noticed()
    assert assembly.show(vote_id)["roll"] == {"area": 80_028, "heads": 7}
    assert list(assembly.lines(vote_id)["u007"].voters) == []


def test_area_is_read_off_the_register_first(assembly):
    areas = [{"source": "SURVEY", "area": 9_000}, {"source": "REGISTER", "area": 8_000}]
    titles(assembly, {"unit_id": "u001", "areas": areas}, {"unit_id": "u002", "areas": areas[:1]})
    vote_id = assembly.frozen()
    key = f"{assembly.community}#{vote_id}"
    said = {row.unit_id: (int(row.area), row.area_source) for row in RollUnit.query(key)}
    assert said["u001"] == (8_000, "REGISTER")
    assert said["u002"] == (9_000, "SURVEY")
    assert said["u003"] == (10_003, "CONTRACT")


@pytest.mark.parametrize(("parking", "area"), [("INCLUDE", 60_021), ("EXCLUDE", 50_020)])
def test_car_spaces_count_as_the_vote_says(assembly, parking, area):
    titles(assembly, {"unit_id": "u001", "is_parking": True})
    vote_id = assembly.noticed(parking=parking)
    assert assembly.show(vote_id)["roll"]["area"] == area


def test_a_flat_without_area_keeps_the_roll_from_being_frozen(assembly):
    identity.add_unit(assembly.community, "u900", "无面积")
    vote_id = assembly.frozen()
    shown = assembly.chair("GET", f"/votes/{vote_id}/roll").body
    assert shown["state"] == "FAULTY"
    assert [(f["unit_id"], f["code"]) for f in shown["faults"]] == [("u900", "unit_without_area")]
    reply = assembly.chair("POST", f"/votes/{vote_id}/notice", {})
    assert (reply.status, reply.code) == (422, "roll_not_frozen")
    areas = [{"source": "SURVEY", "area": 5_000}]
    titles(assembly, {"unit_id": "u900", "areas": areas})
    assert assembly.chair("POST", f"/votes/{vote_id}/roll", {}).status == 200
    assembly.freeze(vote_id)
    assert assembly.chair("POST", f"/votes/{vote_id}/notice", {}).status == 200


def test_only_those_who_share_a_part_are_on_its_roll(assembly):
    place = identity.Place("2号楼", "1单元", "101", 7_000)
    identity.add_unit(assembly.community, "v001", "2-101", at=place)
    paths = identity.paths_of(assembly.community, [("2号楼", "", "")])
    vote_id = assembly.noticed(areas=[paths["2号楼", "", ""]])
    assert groups(assembly, vote_id) == {"v001": ["v001"]}
    again = assembly.wish(areas=[paths["2号楼", "", ""], assembly.path])
    assert assembly.chair("POST", "/votes", again).code == "vote_paths_overlap"


def test_a_sale_after_the_record_date_changes_nothing(assembly):
    vote_id = assembly.noticed()
    before = {name: line.serialize() for name, line in assembly.lines(vote_id).items()}
    identity.move_out(assembly.community, "u001", "per_1")
    assembly.settle("per_buyer", "u001")
    assembly.tick(OPENS_ON)
    assert {name: line.serialize() for name, line in assembly.lines(vote_id).items()} == before
    with on(OPENS_ON, 12):
        assert may_cast(assembly, "per_1", vote_id) == [("u001", True)]
        assert may_cast(assembly, "per_buyer", vote_id) == []


def test_the_root_binds_what_is_published(assembly):
    vote_id = assembly.noticed()
    path, lines = f"/votes/{vote_id}/roll?limit=2", []
    after = ""
    while after is not None:
        page = assembly.resident("per_1", "GET", path + (f"&cursor={after}" if after else "")).body
        lines += page["items"]
        after = page["next"]
    said = [canon.roll_line(one["group"], one["units"], one["area"]) for one in lines]
    assert canon.roll_root(said) == page["roll_root"] == assembly.show(vote_id)["roll_root"]
    assert "per_" not in str(lines)


def test_co_owners_name_one_voter_once_they_agree(assembly):
    identity.move_in(assembly.community, "u002", "per_1", Tie.CO_OWNER)
    vote_id = assembly.noticed()
    at = f"/votes/{vote_id}/lines/u002/voter"

    def name(person, named):
        return assembly.resident(person, "PUT", at, {"person_id": named})

    assert name("per_1", "per_1").body["is_named"] is False
    assert may_cast(assembly, "per_2", vote_id) == [("u002", True)]
    assert name("per_2", "per_2").body["is_named"] is False
    reply = name("per_2", "per_1").body
    assert (reply["is_named"], reply["may_cast"]) == (True, False)
    assert may_cast(assembly, "per_2", vote_id) == [("u002", False)]
    assert name("per_3", "per_1").status == 404
    assert name("per_2", "per_3").code == "voter_not_an_owner"
    assembly.tick(OPENS_ON)
    with on(OPENS_ON, 12):
        assert name("per_2", "per_2").code == "vote_not_in_that_state"


def test_an_upheld_objection_corrects_the_roll_before_the_vote_opens(assembly):
    vote_id = assembly.noticed()
    before = assembly.show(vote_id)
    raised = object_to(assembly, "per_1", vote_id, unit_id="u001").body["objection_id"]
    assert assembly.show(vote_id)["unanswered"] == 1
    correction = {"unit_id": "u001", "area": 12_345}
    reply = answer(assembly, vote_id, raised, correction=correction)
    assert (reply.status, reply.body["state"]) == (200, "UPHELD")
    assembly.freeze(vote_id)
    after = assembly.show(vote_id)
    assert after["roll"]["area"] == before["roll"]["area"] - 10_001 + 12_345
    assert after["roll_root"] != before["roll_root"]
    assert (after["unanswered"], after["rules_hash"]) == (0, before["rules_hash"])
    assembly.tick(OPENS_ON)
    assert assembly.show(vote_id)["state"] == "OPEN"


def test_an_objection_can_bring_a_forgotten_owner_and_merge_heads(assembly):
    vote_id = assembly.noticed()
    raised = object_to(assembly, "per_2", vote_id).body["objection_id"]
    correction = {"unit_id": "u001", "owners": ["per_2"]}
    assert answer(assembly, vote_id, raised, correction=correction).status == 200
    assembly.freeze(vote_id)
    assert groups(assembly, vote_id)["u001"] == ["u001", "u002"]
    assert may_cast(assembly, "per_1", vote_id) == []
    assert may_cast(assembly, "per_2", vote_id) == [("u001", True)]


def test_the_vote_waits_for_an_answer_and_for_the_roll(assembly):
    vote_id = assembly.noticed()
    raised = object_to(assembly, "per_1", vote_id, unit_id="u001").body["objection_id"]
    assembly.tick(OPENS_ON)
    shown = assembly.show(vote_id)
    assert (shown["state"], shown["stuck"]) == ("NOTICED", "vote_objections_unanswered")
    with on(OPENS_ON, 2):
        correction = {"unit_id": "u001", "area": 9_000}
        assert answer(assembly, vote_id, raised, correction=correction).status == 200
    assembly.tick(OPENS_ON, 3)
    shown = assembly.show(vote_id)
    assert (shown["state"], shown["stuck"]) == ("NOTICED", "roll_not_frozen")
    assembly.freeze(vote_id)
    assembly.tick(OPENS_ON, 4)
    assert assembly.show(vote_id)["state"] == "OPEN"


def test_no_objection_to_the_roll_comes_too_late_to_be_answered(assembly):
    vote_id = assembly.noticed()
    with on(OPENS_ON - timedelta(days=3)):
        assert object_to(assembly, "per_1", vote_id).status == 200
    with on(OPENS_ON - timedelta(days=2)):
        assert object_to(assembly, "per_1", vote_id).code == "vote_objection_late"


def test_a_freeze_that_is_cut_off_goes_on_and_one_told_twice_changes_nothing(assembly):
    vote_id = assembly.drafted()
    assembly.chair("POST", f"/votes/{vote_id}/roll", {})
    for state in (RollState.CLEARING, RollState.GATHERING):
        roll = Roll.find(assembly.community, vote_id)
        assert roll is not None
        assert roll.state == state
        rolls._STEP[state](roll, 1)
    assembly.freeze(vote_id)
    before = kept("voting")
    assembly.freeze(vote_id)
    assert kept("voting") == before
    assert len(groups(assembly, vote_id)) == assembly.flats


def test_a_roll_of_last_month_is_frozen_anew(assembly):
    vote_id = assembly.frozen(
        opens_on=(TODAY + timedelta(days=60)).isoformat(),
        closes_on=(TODAY + timedelta(days=70)).isoformat(),
    )
    with on(TODAY + timedelta(days=31)):
        reply = assembly.chair("POST", f"/votes/{vote_id}/notice", {})
        assert (reply.status, reply.code) == (422, "roll_stale")
    row = VoteRow.find(assembly.community, vote_id)
    assert row is not None
    assert row.state == "DRAFT"

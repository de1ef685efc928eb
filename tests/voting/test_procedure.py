"""The procedure of a vote over HTTP and by the clock: LAW.md 1.3, state by state."""

from datetime import timedelta

import pytest

from chalicelib.assemblies.public import procedure
from chalicelib.voting.tables.rolls import Roll, RollLine, RollUnit
from chalicelib.voting.tables.votes import VoteRow
from tests.voting.assembly import CLOSES_ON, ITEM, OPENS_ON, TODAY, moment, on
from tests.voting.ballot_box import said

CONSULTATIVE = procedure.SHOWN[procedure.LegalMode.CONSULTATIVE]
ENTERED_BY = CLOSES_ON + timedelta(days=3)


def cast(assembly, vote_id, person, group, choice):
    told = said({"i1": choice})
    path = f"/votes/{vote_id}/groups/{group}/ballot"
    body = {"choice": told.choice, "nonce": told.nonce, "commit": told.commit}
    reply = assembly.resident(person, "POST", path, body)
    assert reply.status == 200, reply.body


def test_a_vote_goes_from_draft_to_final_by_notice_and_clock(assembly):
    vote_id = assembly.noticed()
    assembly.tick(OPENS_ON - timedelta(days=1))
    assert assembly.show(vote_id)["state"] == "NOTICED"
    assembly.tick(OPENS_ON)
    with on(OPENS_ON, 12):
        for number in range(1, 6):
            said_by = "YES" if number < 5 else "NO"
            cast(assembly, vote_id, f"per_{number}", f"u{number:03}", said_by)
        seen = assembly.resident("per_6", "GET", f"/votes/{vote_id}").body
        assert seen["turnout"] == {"area": 50_015, "heads": 5}
        assert seen["result"] is None
    assembly.tick(CLOSES_ON)
    assert assembly.show(vote_id)["state"] == "CLOSED"
    assert assembly.show(vote_id)["result"] is None
    assembly.tick(ENTERED_BY)
    with on(ENTERED_BY):
        shown = assembly.resident("per_6", "GET", f"/votes/{vote_id}").body
    assert shown["state"] == "OBJECTION"
    assert shown["result"]["results"][0]["deemed"]["decision"] == "PASS"
    assert shown["result"]["results"][0]["strict"]["agreed"] == {"area": 40_010, "heads": 4}
    assert shown["object_until"] == (ENTERED_BY + timedelta(days=15)).isoformat()
    assembly.tick(ENTERED_BY + timedelta(days=15))
    assert assembly.show(vote_id)["state"] == "OBJECTION"
    assembly.tick(ENTERED_BY + timedelta(days=16))
    assert assembly.show(vote_id)["state"] == "FINAL"


def test_every_reply_says_what_the_vote_is_worth_in_law(assembly):
    vote_id = assembly.noticed()
    at = f"/votes/{vote_id}"
    for path in (at, f"{at}/lines", f"{at}/roll"):
        assert assembly.resident("per_1", "GET", path).body["legal_notice"] == CONSULTATIVE
    listed = assembly.resident("per_1", "GET", "/votes").body["items"]
    assert [vote["legal_notice"] for vote in listed] == [CONSULTATIVE]
    told = assembly.resident("per_1", "POST", f"{at}/opening")
    assert told.body["legal_notice"] == CONSULTATIVE


def test_only_the_street_says_that_a_vote_binds(assembly):
    filed = {"legal_mode": "SELF_HOSTED", "citation": "议事规则第12条"}
    assert assembly.chair("PUT", "/bylaws", filed).status in (403, 404, 405)
    assert assembly.officer("PUT", "/bylaws", filed).status == 200
    vote = assembly.show(assembly.drafted())
    assert vote["legal_mode"] == "SELF_HOSTED"
    assert vote["legal_notice"] == procedure.SHOWN[procedure.LegalMode.SELF_HOSTED]


def test_a_limit_of_ones_own_names_who_set_it(assembly):
    reply = assembly.officer("PUT", "/bylaws", {"periods": {"notice": 8}})
    assert (reply.status, reply.code) == (422, "bylaws_citation")
    reply = assembly.officer("PUT", "/bylaws", {"periods": {"notice": 2}, "citation": "某市"})
    assert (reply.status, reply.code) == (422, "bylaws_period")
    filed = {"periods": {"notice": 8, "roll": 8}, "citation": "杭州 20"}
    assert assembly.officer("PUT", "/bylaws", filed).body["periods"]["notice"] == 8


@pytest.mark.parametrize(("ahead", "status"), [(16, 200), (15, 422)])
def test_fifteen_days_before_means_a_difference_of_sixteen(assembly, ahead, status):
    opens = TODAY + timedelta(days=ahead)
    days = {"opens_on": opens.isoformat(), "closes_on": (opens + timedelta(days=9)).isoformat()}
    vote_id = assembly.frozen(**days)
    reply = assembly.chair("POST", f"/votes/{vote_id}/notice", {})
    assert reply.status == status
    if status != 200:
        assert reply.code == "vote_notice_too_short"
        assert assembly.show(vote_id)["state"] == "DRAFT"


@pytest.mark.parametrize(("window", "status"), [(4, 422), (5, 200), (60, 200), (61, 422)])
def test_the_window_is_five_to_sixty_days(assembly, window, status):
    closes = (OPENS_ON + timedelta(days=window)).isoformat()
    reply = assembly.chair("POST", "/votes", assembly.wish(closes_on=closes))
    assert reply.status == status, reply.body


def test_what_was_noticed_cannot_be_changed(assembly):
    vote_id = assembly.frozen()
    wish = assembly.wish(title="另一题目")
    assert assembly.chair("PUT", f"/votes/{vote_id}", wish).body["title"] == "另一题目"
    assert assembly.chair("POST", f"/votes/{vote_id}/notice", {}).status == 200
    before = assembly.show(vote_id)
    for again in (assembly.wish(), assembly.wish(items=[ITEM, ITEM])):
        reply = assembly.chair("PUT", f"/votes/{vote_id}", again)
        assert (reply.status, reply.code) == (422, "vote_items_frozen")
    reply = assembly.chair("POST", f"/votes/{vote_id}/roll", {})
    assert (reply.status, reply.code) == (422, "vote_items_frozen")
    reply = assembly.chair("POST", f"/votes/{vote_id}/notice", {})
    assert (reply.status, reply.code) == (422, "vote_not_in_that_state")
    assert assembly.show(vote_id) == before


def test_nobody_but_its_conveners_sees_a_draft(assembly):
    vote_id = assembly.drafted()
    assert assembly.resident("per_1", "GET", f"/votes/{vote_id}").status == 404
    assert assembly.resident("per_1", "GET", "/votes").body["items"] == []
    assert assembly.chair("GET", "/votes").body["items"][0]["vote_id"] == vote_id
    assert assembly.officer("GET", "/votes").body["items"][0]["vote_id"] == vote_id
    reply = assembly.officer("POST", f"/votes/{vote_id}/roll")
    assert (reply.status, reply.code) == (422, "vote_of_another_convener")


def test_the_street_convenes_where_no_committee_does(assembly):
    reply = assembly.officer("POST", "/votes", assembly.wish())
    assert reply.status == 200, reply.body
    vote_id = reply.body["vote_id"]
    assert assembly.officer("POST", f"/votes/{vote_id}/roll").status == 200
    assembly.freeze(vote_id)
    assert assembly.officer("POST", f"/votes/{vote_id}/notice").body["state"] == "NOTICED"


def test_the_company_has_no_way_to_a_vote(assembly):
    vote_id = assembly.noticed()
    for role in ("property_manager", "property_clerk", "guard"):
        token = assembly._token("per_m", "property", role, node=assembly.path)
        for audience in ("resident", "committee", "government", "property"):
            reply = assembly.http("GET", f"/{audience}/votes/{vote_id}", token=token)
            assert reply.status in (403, 404)


def test_a_draft_that_no_law_knows_is_refused(assembly):
    seats = {**ITEM, "number": 7, "candidates": ["a", "b"], "seats": 1}
    wishes: dict[str, dict[str, object]] = {
        "vote_candidates": {"items": [seats]},
        "deeming_clause_missing": {"deeming": "FOLLOW_MAJORITY"},
        "vote_notice_too_short": {"opens_on": TODAY.isoformat()},
        "vote_scrutineers": {"scrutineers": ["per_1", "per_1"]},
    }
    for code, more in wishes.items():
        reply = assembly.chair("POST", "/votes", assembly.wish(**more))
        assert (reply.status, reply.code) == (422, code)
    assert assembly.chair("POST", "/votes", assembly.wish(items=[])).status == 400
    assert assembly.chair("GET", "/votes").body["items"] == []


def test_silence_means_something_only_with_clause_allowance_and_warning(assembly):
    deeming = {"deeming": "FOLLOW_MAJORITY", "warning": "逾期未投票视为同意多数意见"}
    filed = {"clause": "未投票的从多数", "deeming": [], "citation": "管理规约 9"}
    assembly.officer("PUT", "/bylaws", filed)
    reply = assembly.chair("POST", "/votes", assembly.wish(**deeming))
    assert reply.code == "deeming_not_allowed_here"
    assembly.officer("PUT", "/bylaws", {**filed, "deeming": ["FOLLOW_MAJORITY"]})
    reply = assembly.chair("POST", "/votes", assembly.wish(**{**deeming, "warning": ""}))
    assert reply.code == "deeming_clause_not_noticed"
    vote = assembly.show(assembly.noticed(**deeming))
    assert vote["clause"]["text"] == "未投票的从多数"


def test_the_clock_moves_each_vote_once(assembly):
    vote_id = assembly.noticed()
    assembly.tick(OPENS_ON)
    opened = VoteRow.find(assembly.community, vote_id)
    assert opened is not None
    assert opened.state == "OPEN"
    assembly.tick(OPENS_ON)
    again = VoteRow.find(assembly.community, vote_id)
    assert again is not None
    assert (again.version, again.h0) == (opened.version, opened.h0)


def test_a_vote_that_could_not_open_in_time_never_opens_for_too_short(assembly):
    vote_id = assembly.noticed()
    assembly.tick(CLOSES_ON - timedelta(days=4))
    shown = assembly.show(vote_id)
    assert (shown["state"], shown["stuck"]) == ("NOTICED", "vote_window_length")
    assembly.tick(CLOSES_ON)
    assert assembly.show(vote_id)["state"] == "NOTICED"


def test_a_court_annuls_a_published_result_and_nothing_before_it(assembly):
    vote_id = assembly.opened()
    why = {"reason": "未向全体业主送达表决票", "document": "（2026）民初1号"}
    reply = assembly.officer("POST", f"/votes/{vote_id}/annulment", why)
    assert (reply.status, reply.code) == (422, "vote_not_in_that_state")
    assembly.tick(CLOSES_ON)
    assembly.tick(ENTERED_BY)
    with on(ENTERED_BY):
        reply = assembly.officer("POST", f"/votes/{vote_id}/annulment", why)
    assert reply.body["state"] == "ANNULLED"
    assert reply.body["annulment"]["document"] == why["document"]
    assembly.tick(ENTERED_BY + timedelta(days=60))
    assert assembly.show(vote_id)["state"] == "ANNULLED"


def test_the_roll_is_kept_for_five_years_and_longer_in_a_dispute(assembly):
    vote_id = assembly.opened()
    key = f"{assembly.community}#{vote_id}"
    ends = ENTERED_BY + timedelta(days=16)
    for day in (CLOSES_ON, ENTERED_BY, ends):
        assembly.tick(day)
    with on(ends):
        kept = {"until_on": ends.replace(year=ends.year + 7).isoformat()}
        assert assembly.officer("POST", f"/votes/{vote_id}/dispute", kept).status == 200
    assembly.tick(ends + timedelta(days=366 * 5 + 2))
    assert list(RollLine.query(key))
    assembly.tick(ends + timedelta(days=366 * 7 + 2))
    assert not list(RollLine.query(key))
    assert not list(RollUnit.query(key))
    row = VoteRow.find(assembly.community, vote_id)
    assert row is not None
    assert row.result["results"]


def test_replies_have_the_days_that_the_notice_names(assembly):
    shown = assembly.show(assembly.noticed())
    assert (shown["record_on"], shown["noticed_on"]) == (TODAY.isoformat(),) * 2
    assert moment(shown["opens_at"]) == procedure.start_of(OPENS_ON)
    assert moment(shown["closes_at"]) == procedure.start_of(CLOSES_ON)
    roll = Roll.find(assembly.community, shown["vote_id"])
    assert roll is not None
    assert (shown["roll_root"], shown["roll"]["heads"]) == (roll.root, 6)

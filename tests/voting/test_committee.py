"""A committee's election over HTTP: from the call for candidates to those who sit, and a tie."""

from datetime import timedelta

import pytest

from chalicelib.core import outbox
from chalicelib.identity import public as identity
from chalicelib.identity.rules.people import Tie
from chalicelib.voting.tables.slates import Candidacy
from tests.voting.assembly import CLOSES_ON, OPENS_ON, TODAY, Assembly, on
from tests.voting.ballot_box import said

LAST = TODAY + timedelta(days=3)
DRAFTED, ENTERED_BY = LAST + timedelta(days=1), CLOSES_ON + timedelta(days=3)
FINAL = ENTERED_BY + timedelta(days=16)
WISH = {
    "filling": "COMMITTEE",
    "title": "第二届业主委员会选举",
    "text": "应选委员五名。",
    "seats": 5,
    "term_years": 5,
    "last_day": LAST.isoformat(),
}
STAND = {"statement": "愿意公开每一笔账。", "agrees_to_publication": True}


@pytest.fixture
def estate(http, sign, community):
    return Assembly(http, sign, community, flats=7)


def called(estate, **more):
    reply = estate.chair("POST", "/slates", WISH | more)
    assert reply.status == 200, reply.body
    return reply.body["slate_id"]


def stood(estate, slate, *numbers):
    """Let people stand; return their options by person."""
    replies = {
        n: estate.resident(f"per_{n}", "POST", f"/slates/{slate}/candidacy", STAND) for n in numbers
    }
    assert {reply.status for reply in replies.values()} == {200}
    return {number: reply.body["candidacy_id"] for number, reply in replies.items()}


def matter(slate, number=3):
    return {"number": number, "title": "选举", "text": "选举业主委员会。", "slate_id": slate}


def elected(estate, vote_id, marks, *, opens_on=OPENS_ON, closes_on=CLOSES_ON):
    """Let everybody vote: `marks` are each flat's options; return the result once published."""
    estate.tick(opens_on)
    with on(opens_on, 12):
        for number, options in marks.items():
            told = said({"i1": sorted(options)})
            body = {"choice": told.choice, "nonce": told.nonce, "commit": told.commit}
            path = f"/votes/{vote_id}/groups/u{number:03}/ballot"
            reply = estate.resident(f"per_{number}", "POST", path, body)
            assert reply.status == 200, reply.body
    estate.tick(closes_on)
    estate.tick(closes_on + timedelta(days=3))
    with on(closes_on + timedelta(days=3), 12):
        return estate.show(vote_id)["result"]["results"][0]["deemed"]


def told(community, name):
    """Return the events of a name that wait to be heard."""
    rows = [row for row in outbox.OutboxRow.scan() if row.community_id == community]
    return [row.body for row in rows if row.name == f"voting.{name}"]


def test_owners_call_stand_vote_and_a_committee_sits(estate):
    slate = called(estate)
    nominated = {"unit_id": "u005"}
    assert estate.resident("per_1", "POST", f"/slates/{slate}/nominations", nominated).status == 200
    again = estate.resident("per_1", "POST", f"/slates/{slate}/nominations", nominated)
    assert (again.status, again.code) == (409, "nominated_already")
    mine = estate.resident("per_5", "GET", f"/slates/{slate}/mine").body
    assert (mine["nominated"], mine["candidacy"]) == ({"u005": 1}, None)
    options = stood(estate, slate, 1, 2, 3, 4, 5, 6)
    listed = estate.resident("per_7", "GET", f"/slates/{slate}/candidacies").body["items"]
    assert {one["name"] for one in listed} == {f"per_{number}" for number in range(1, 7)}
    with on(DRAFTED):
        vote_id = estate.noticed(items=[matter(slate)])
        shown = estate.resident("per_7", "GET", f"/votes/{vote_id}").body["items"][0]
        assert (shown["candidates"], shown["seats"]) == (sorted(options.values()), 5)
        assert shown["names"][options[3]] == "per_3"
    best = [options[number] for number in (1, 2, 3, 4, 5)]
    result = elected(estate, vote_id, dict.fromkeys(range(1, 8), best))
    assert (result["status"], sorted(result["elected"])) == ("ELECTED", sorted(best))
    estate.tick(FINAL)
    assert estate.show(vote_id)["state"] == "FINAL"
    with on(FINAL, 12):
        (sits,) = estate.resident("per_7", "GET", "/committees").body["items"]
        assert sorted(sits["members"]) == [f"per_{number}" for number in range(1, 6)]
        assert (sits["to_fill"], sits["is_over"], sits["filed_on"]) == (0, True, None)
        assert sits["file_by"] == (FINAL + timedelta(days=30)).isoformat()
        assert sits["ends_on"] == FINAL.replace(year=FINAL.year + 5).isoformat()
    (fact,) = told(estate.community, "CommitteeElected")
    assert all(f'"per_{number}"' in fact for number in range(1, 6))
    assert '"legal_mode":"CONSULTATIVE"' in fact


def test_the_street_files_a_committee_once_and_sees_who_is_late(estate):
    slate = called(estate)
    options = stood(estate, slate, 1, 2, 3, 4, 5)
    with on(DRAFTED):
        vote_id = estate.noticed(items=[matter(slate)])
    elected(estate, vote_id, {n: list(options.values()) for n in range(1, 8)})
    estate.tick(FINAL)
    path = f"/committees/{vote_id}-i1/filing"
    filing = {"filed_on": (FINAL + timedelta(days=31)).isoformat(), "document": "业备3号"}
    with on(FINAL + timedelta(days=31)):
        assert estate.officer("GET", "/committees").body["items"][0]["is_late"] is True
        assert estate.officer("POST", path, filing).body["filed_on"] == filing["filed_on"]
        assert estate.officer("POST", path, filing).code == "committee_filed"
        assert estate.officer("GET", "/committees").body["items"][0]["is_late"] is False
    with on(FINAL + timedelta(days=40)):
        why = {"reason": "法院判决撤销。", "document": "（2027）1号"}
        assert estate.officer("POST", f"/votes/{vote_id}/annulment", why).status == 200
        (gone,) = estate.officer("GET", "/committees").body["items"]
        assert (gone["state"], gone["members"]) == ("ANNULLED", [])
    assert len(told(estate.community, "CommitteeAnnulled")) == 1


def test_a_run_off_is_drafted_noticed_and_fills_the_committee(estate):
    first, options = tied_at_the_last_seat(estate)
    days = {
        "opens_on": (FINAL + timedelta(days=20)).isoformat(),
        "closes_on": (FINAL + timedelta(days=30)).isoformat(),
    }
    path = f"/votes/{first}/run-off"
    with on(ENTERED_BY, 12):
        drafted = estate.chair("POST", path, {"item_id": "i1", **days})
        assert drafted.status == 200, drafted.body
        second = drafted.body["vote_id"]
        (item,) = drafted.body["items"]
        assert (item["seats"], item["run_off_of"]) == (1, first)
        assert item["candidates"] == sorted((options[5], options[6]))
        freeze(estate, second)
        early = estate.chair("POST", f"/votes/{second}/notice", {})
        assert (early.status, early.code) == (422, "run_off_too_early")
    estate.tick(FINAL)
    with on(FINAL, 12):
        (sits,) = estate.chair("GET", "/committees").body["items"]
        assert (len(sits["members"]), sits["to_fill"], sits["is_over"]) == (4, 1, False)
        freeze(estate, second)
        assert estate.chair("POST", f"/votes/{second}/notice", {}).status == 200
        twin = estate.chair("POST", path, {"item_id": "i1", **days}).body["vote_id"]
        freeze(estate, twin)
        again = estate.chair("POST", f"/votes/{twin}/notice", {})
        assert (again.status, again.code) == (409, "run_off_noticed")
        assert estate.show(first)["items"][0]["run_off"] == second
    opens, closes = FINAL + timedelta(days=20), FINAL + timedelta(days=30)
    marks = {n: [options[5]] for n in range(1, 8)}
    result = elected(estate, second, marks, opens_on=opens, closes_on=closes)
    assert result["elected"] == [options[5]]
    over = closes + timedelta(days=19)
    estate.tick(over)
    with on(over, 12):
        (sits,) = estate.chair("GET", "/committees").body["items"]
        assert sorted(sits["members"]) == [f"per_{number}" for number in range(1, 6)]
        assert (sits["vote_id"], sits["to_fill"], sits["is_over"]) == (first, 0, True)


def tied_at_the_last_seat(estate):
    """Hold an election in which five and six have equal heads and areas, above half."""
    slate = called(estate)
    options = stood(estate, slate, 1, 2, 3, 4, 5, 6)
    four, five, six = [options[n] for n in (1, 2, 3, 4)], options[5], options[6]
    with on(DRAFTED):
        first = estate.noticed(items=[matter(slate)])
    # Flats weigh 10001 … 10007: 1+4 against 2+3 are the same heads and the same area.
    marks = {n: [one for one in four if one != options[n - 4]] + [five, six] for n in (5, 6, 7)}
    marks |= {1: [*four, five], 4: [*four, five], 2: [*four, six], 3: [*four, six]}
    result = elected(estate, first, marks)
    assert (result["status"], result["run_off_seats"]) == ("RUN_OFF", 1), result
    return first, options


def freeze(estate, vote_id):
    assert estate.chair("POST", f"/votes/{vote_id}/roll", {}).status == 200
    estate.freeze(vote_id)


def test_nobody_but_an_owner_stands_and_nobody_after_the_last_day(estate):
    slate = called(estate)
    estate.settle("per_tenant", "u001", Tie.TENANT)
    path = f"/slates/{slate}/candidacy"
    assert estate.resident("per_tenant", "POST", path, STAND).code == "candidate_not_an_owner"
    unasked = STAND | {"agrees_to_publication": False}
    assert estate.resident("per_1", "POST", path, unasked).status == 400
    stood(estate, slate, 1)
    assert estate.resident("per_1", "POST", path, STAND).code == "standing_already"
    with on(LAST, 23):
        stood(estate, slate, 2)
    with on(DRAFTED, 0):
        assert estate.resident("per_3", "POST", path, STAND).code == "slate_closed"
        reply = estate.chair("POST", "/votes", estate.wish(items=[matter(slate)]))
        assert (reply.status, reply.code) == (422, "candidates_too_few")
        more = {"last_day": (DRAFTED + timedelta(days=3)).isoformat()}
        assert estate.chair("PUT", f"/slates/{slate}", more).body["is_open"] is True
        stood(estate, slate, 3, 4, 5)
        reply = estate.chair("POST", "/votes", estate.wish(items=[matter(slate)]))
        assert reply.code == "slate_still_open"


def test_a_candidate_withdraws_is_struck_and_an_altered_slate_is_not_noticed(estate):
    slate = called(estate)
    options = stood(estate, slate, 1, 2, 3, 4, 5, 6, 7)
    with on(DRAFTED):
        vote_id = estate.frozen(items=[matter(slate)])
        assert estate.resident("per_7", "POST", f"/slates/{slate}/withdrawal").status == 200
        why = {"reason": "拖欠专项维修资金"}
        path = f"/slates/{slate}/candidacies/{options[6]}/strike"
        assert estate.chair("POST", path, why).body["state"] == "STRUCK"
        assert estate.chair("POST", path, why).code == "candidacy_not_standing"
        reply = estate.chair("POST", f"/votes/{vote_id}/notice", {})
        assert (reply.status, reply.code) == (422, "slate_changed")
        assert (
            estate.chair("PUT", f"/votes/{vote_id}", estate.wish(items=[matter(slate)])).status
            == 200
        )
        assert estate.chair("POST", f"/votes/{vote_id}/notice", {}).status == 200
        gone = estate.resident("per_1", "POST", f"/slates/{slate}/withdrawal")
        assert (gone.status, gone.code) == (422, "slate_closed")


def test_who_sold_before_the_record_date_is_not_put(estate):
    slate = called(estate)
    options = stood(estate, slate, 1, 2, 3, 4, 5)
    identity.move_out(estate.community, "u005", "per_5")
    with on(DRAFTED):
        vote_id = estate.frozen(items=[matter(slate)])
        reply = estate.chair("POST", f"/votes/{vote_id}/notice", {})
    assert (reply.status, reply.code) == (422, "candidates_off_roll")
    assert reply.body["details"] == {"candidates": [options[5]]}


def test_what_owners_choose_between_is_bound_to_the_log(estate):
    slate = called(estate)
    options = stood(estate, slate, 1, 2, 3, 4, 5)
    with on(DRAFTED):
        vote_id = estate.noticed(items=[matter(slate)])
    listed = estate.resident("per_1", "GET", f"/votes/{vote_id}/options").body["items"]
    frozen = {one["option_id"]: one for one in listed}
    assert frozen[options[2]]["text"] == STAND["statement"]
    row = Candidacy.find(f"{estate.community}#{slate}", options[2])
    assert row is not None
    row.statement = "改口"
    row.save()
    again = estate.resident("per_1", "GET", f"/votes/{vote_id}/options").body["items"]
    assert again == listed


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"seats": 6}, "committee_seats"),
        ({"seats": 3}, "committee_seats"),
        ({"term_years": 6}, "committee_term"),
        ({"filling": "COMPANY"}, "slate_seats"),
        ({"filling": "VACANCY", "seats": 1}, None),
    ],
)
def test_a_committee_is_odd_five_at_least_for_five_years_at_most(estate, more, code):
    reply = estate.chair("POST", "/slates", WISH | more)
    assert (reply.code if code else reply.status) == (code or 200), reply.body


def test_an_election_without_a_call_is_refused(estate):
    item = {**matter(None), "candidates": ["per_1"], "seats": 1}
    reply = estate.chair("POST", "/votes", estate.wish(items=[item]))
    assert (reply.status, reply.code) == (422, "vote_slate_required")

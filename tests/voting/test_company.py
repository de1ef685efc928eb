"""The selection of a property company over HTTP: bids, documents, notice, choice."""

import hashlib

import pytest
import requests

from chalicelib.core import archive
from chalicelib.voting.tables.votes import VoteRow
from tests.voting.assembly import Assembly, on
from tests.voting.test_committee import DRAFTED, FINAL, LAST, elected, told

CALL = {
    "filling": "COMPANY",
    "title": "选聘物业服务企业",
    "text": "合同期三年。",
    "last_day": LAST.isoformat(),
}
PAPER = b"%PDF-1.7 the bid"
SHA = hashlib.sha256(PAPER).hexdigest()


@pytest.fixture
def estate(http, sign, community):
    return Assembly(http, sign, community, flats=4)


def called(estate):
    return estate.chair("POST", "/slates", CALL).body["slate_id"]


def bid(estate, slate, number, *documents):
    wish = {
        "company_id": f"9133010800000000{number:02}",
        "company": f"物业{number}",
        "fee": 280 + number,
        "months": 36,
        "summary": "夜间双岗",
        "documents": list(documents),
    }
    return estate.chair("POST", f"/slates/{slate}/bids", wish)


def uploaded(estate, slate, content=PAPER):
    """Ask for a place as the portal does, and put the file there."""
    asked = {"content_type": "application/pdf", "bytes": len(PAPER), "sha256": SHA}
    reply = estate.chair("POST", f"/slates/{slate}/documents", asked)
    assert reply.status == 200, reply.body
    place = reply.body
    if content == PAPER:
        sent = requests.post(place["url"], place["fields"], files={"file": content}, timeout=5)
        assert sent.status_code < 300, sent.text
    else:  # what ministack lets through, and S3 would not
        archive.put(place["key"], content, "application/pdf")
    return {"title": "投标书", "key": reply.body["key"], "sha256": SHA}


def matter(slate):
    return {"number": 4, "title": "选聘", "text": "选聘物业服务企业。", "slate_id": slate}


def test_owners_choose_between_the_bids_that_were_noticed(estate):
    slate = called(estate)
    document = uploaded(estate, slate)
    first, second = bid(estate, slate, 1, document).body, bid(estate, slate, 2).body
    assert estate.resident("per_1", "GET", f"/slates/{slate}/bids").status == 404
    with on(DRAFTED):
        vote_id = estate.noticed(items=[matter(slate)])
    options = estate.resident("per_1", "GET", f"/votes/{vote_id}/options").body["items"]
    assert {one["option_id"]: one["fee"] for one in options} == {
        first["bid_id"]: 281,
        second["bid_id"]: 282,
    }
    path = f"/votes/{vote_id}/options/{first['bid_id']}/documents"
    (link,) = estate.resident("per_1", "GET", path).body["items"]
    assert (link["sha256"], link["bytes"]) == (SHA, len(PAPER))
    assert document["key"] in link["url"]
    row = VoteRow.find(estate.community, vote_id)
    assert row is not None
    assert row.terms is not None
    (bound,) = row.terms["more"]["matters"]
    assert {one["id"]: one["sha256"] for one in bound["options"]} == {
        one["option_id"]: one["sha256"] for one in options
    }
    marks = {1: [first["bid_id"]], 2: [first["bid_id"]], 3: [first["bid_id"]], 4: []}
    result = elected(estate, vote_id, marks)
    assert (result["status"], result["elected"]) == ("ELECTED", [first["bid_id"]])
    estate.tick(FINAL)
    (fact,) = told(estate.community, "CompanySelected")
    assert '"company_id":"913301080000000001"' in fact
    assert estate.chair("GET", "/committees").body["items"] == []


def test_a_document_is_what_it_hashes_to_or_no_document(estate):
    slate = called(estate)
    absent = {
        "title": "投标书",
        "key": f"{estate.community}/votes/{slate}/{SHA}.pdf",
        "sha256": SHA,
    }
    assert bid(estate, slate, 1, absent).code == "document_not_uploaded"
    elsewhere = absent | {"key": f"other/votes/{slate}/{SHA}.pdf"}
    assert bid(estate, slate, 1, elsewhere).code == "document_not_uploaded"
    other = uploaded(estate, slate, b"%PDF-1.7 another")
    assert bid(estate, slate, 1, other).code == "document_changed"


def test_a_bid_is_entered_once_in_time_and_may_be_taken_out_before_the_notice(estate):
    slate = called(estate)
    made = bid(estate, slate, 1).body
    assert bid(estate, slate, 1).code == "bid_already"
    path = f"/slates/{slate}/bids/{made['bid_id']}/withdrawal"
    assert estate.chair("POST", path, {"reason": "撤回投标"}).body["state"] == "WITHDRAWN"
    assert bid(estate, slate, 1).body["state"] == "STANDING"
    with on(DRAFTED):
        assert bid(estate, slate, 2).code == "slate_closed"
        vote_id = estate.noticed(items=[matter(slate)])
        assert estate.chair("POST", path, {"reason": "撤回投标"}).code == "slate_closed"
        twice = estate.chair("POST", "/votes", estate.wish(items=[matter(slate)]))
        assert twice.code == "slate_put_already"
    assert estate.show(vote_id)["items"][0]["names"] == {made["bid_id"]: "物业1"}


def test_a_slate_of_companies_elects_no_committee(estate):
    slate = called(estate)
    bid(estate, slate, 1)
    stand = {"statement": "愿意", "agrees_to_publication": True}
    reply = estate.resident("per_1", "POST", f"/slates/{slate}/candidacy", stand)
    assert reply.code == "slate_of_companies"
    with on(DRAFTED):
        item = matter(slate) | {"number": 3}
        reply = estate.chair("POST", "/votes", estate.wish(items=[item]))
    assert (reply.status, reply.code) == (422, "slate_number")

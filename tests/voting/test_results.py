"""What everybody has of a result: its sheet, and how a ballot was entered for them."""

from datetime import timedelta

import pytest

from chalicelib.core import audit
from chalicelib.identity.rules.people import Tie
from chalicelib.voting.service import openings, results
from chalicelib.voting.tables.votes import VoteRow
from tests.identity.residents import settle
from tests.voting.assembly import CLOSES_ON, OPENS_ON, on
from tests.voting.ballot_box import NO, OPENS, YES, Box, at, refused, said
from tests.voting.test_casting_on_paper import lent
from tools import verify_vote

ENTERED_BY = CLOSES_ON + timedelta(days=3)
NOTICE = "本次表决仅为征求意见，不产生业主共同决定的法律效力。"
PDF = {"accept": "application/pdf"}


def voted(assembly, *people):
    """Return a vote in which these people said yes, two weeks later published."""
    vote_id = assembly.opened()
    for person in people:
        line = assembly.resident(person, "GET", f"/votes/{vote_id}/lines").body["items"][0]["line"]
        words = said({"i1": "YES"})
        sent = {"choice": words.choice, "nonce": words.nonce, "commit": words.commit}
        with on(OPENS_ON):
            path = f"/votes/{vote_id}/groups/{line['group']}/ballot"
            reply = assembly.resident(person, "POST", path, sent)
        assert (reply.status, reply.body["legal_notice"]) == (200, NOTICE), reply.body
    return vote_id


def published(assembly, *people):
    vote_id = voted(assembly, *people)
    assembly.tick(CLOSES_ON)
    assembly.tick(ENTERED_BY)
    return vote_id


def of(assembly, vote_id):
    vote = VoteRow.find(assembly.community, vote_id)
    assert vote is not None
    return results._of(vote)


def test_a_result_is_everybodys_once_it_is_published_and_nobodys_before(assembly):
    vote_id = voted(assembly, "per_1")
    assembly.tick(CLOSES_ON)
    for path, more in (("result", {}), ("result-sheet", PDF)):
        address = f"/votes/{vote_id}/{path}"
        for reply in (
            assembly.resident("per_2", "GET", address, **more),
            assembly.chair("GET", address, **more),
            assembly.officer("GET", address, **more),
        ):
            assert (reply.status, reply.code) == (422, "result_not_published")
    assembly.tick(ENTERED_BY)
    shown = assembly.resident("per_2", "GET", f"/votes/{vote_id}/result").body
    assert (shown["legal_notice"], shown["cast"]["heads"], shown["roll"]["heads"]) == (NOTICE, 1, 6)
    (item,) = shown["items"]
    assert (item["deemed"]["decision"], item["strict"]["decision"]) == ("NO_QUORUM", "NO_QUORUM")
    yes = next(one for one in item["tallies"] if one["option"] == "YES")
    assert (yes["area"], yes["heads"]) == (10_001, 1)
    assert assembly.chair("GET", f"/votes/{vote_id}/result").body == shown


def test_the_sheet_is_a_pdf_for_whoever_sees_the_result(assembly):
    vote_id = published(assembly, "per_1", "per_2", "per_3", "per_4", "per_5")
    sheets = [
        assembly.resident("per_2", "GET", f"/votes/{vote_id}/result-sheet", **PDF),
        assembly.chair("GET", f"/votes/{vote_id}/result-sheet", **PDF),
        assembly.officer("GET", f"/votes/{vote_id}/result-sheet", **PDF),
    ]
    assert {(one.status, one.headers["content-type"]) for one in sheets} == {
        (200, "application/pdf")
    }
    assert sheets[0].body.startswith(b"%PDF-")
    assert sheets[0].body == sheets[1].body == sheets[2].body
    vote = assembly.show(vote_id)
    result = of(assembly, vote_id)
    text = "\n".join(results._lines(result))
    assert vote["result"]["close"][:16] in text
    assert vote["result"]["seal"][:16] in text
    assert vote["result"]["close"][:17] not in text
    assert "名册：600.21 平方米，6 人" in text
    assert "参与表决：500.15 平方米，5 人" in text
    assert text.count("结果：通过；参与500.15 平方米，5 人") == 2, "deemed, and strict beside it"
    assert results._head(result).legal_notice == NOTICE


def test_the_sheet_of_an_annulled_result_says_so(assembly):
    vote_id = published(assembly, "per_1")
    why = {"reason": "未向全体业主送达表决票", "document": "（2026）民初1号"}
    with on(ENTERED_BY):
        assert assembly.officer("POST", f"/votes/{vote_id}/annulment", why).status == 200
    result = of(assembly, vote_id)
    assert results._lines(result)[-1] == "本结果已被撤销：未向全体业主送达表决票（（2026）民初1号）"


# -- openings ----------------------------------------------------------------------------------


@pytest.fixture
def box(cloud, community):
    """A closed vote: g000 on paper, g001 by a proxy, g002 by its owner's own phone."""
    made = Box(community)
    settle(community, "per_tenant", tie=Tie.TENANT, unit_id="g000")
    with at(OPENS + 3_600_000):
        made.enter("per_s1", "g000", NO)
        made.enter("per_s2", "g000", NO)
        lent(made, "g001")
        made.cast("g001", YES, by="per_tenant")
        made.cast("g002", YES)
        refused("choices_sealed", lambda: openings.own(made.voter("g000"), "vote_1", "g000"))
    made.finish()
    return made


def test_an_owner_sees_how_their_ballot_was_entered_for_them(box):
    paper = openings.own(box.voter("g000"), "vote_1", "g000")
    assert (paper.choice, paper.type, paper.scan_sha256) == (NO, "PAPER", "ab" * 32)
    proxy = openings.own(box.voter("g001"), "vote_1", "g001")
    assert (proxy.choice, proxy.type, proxy.scan_sha256) == (YES, "PROXY", None)
    log = verify_vote.Log()
    log.verified(box.published())
    shown = {"seq": paper.seq, "choice": paper.choice, "nonce": paper.nonce}
    assert log.opened(shown)


def test_nobody_else_sees_it_and_no_page_proves_ones_own_choice(box):
    refused("ballot_not_yours", lambda: openings.own(box.voter("g001"), "vote_1", "g000"))
    refused("ballot_not_yours", lambda: openings.own(box.person("per_s1"), "vote_1", "g000"))
    refused("opening_in_app", lambda: openings.own(box.voter("g002"), "vote_1", "g002"))
    refused("no_such_ballot", lambda: openings.own(box.voter("g003"), "vote_1", "g003"))


def test_a_scrutineer_sees_any_and_its_owner_sees_that_they_did(box):
    look = lambda who: openings.scrutinised(box.person(who), "vote_1", "g002")  # noqa: E731 -- one call
    refused("not_a_scrutineer", lambda: look("per_g000"))
    before = audit.views_of(box.community, "per_g002", limit=10, after=None).items
    assert before == []
    assert look("per_s1").choice == YES
    (view,) = audit.views_of(box.community, "per_g002", limit=10, after=None).items
    assert (view.viewer_id, view.purpose, view.ticket) == ("per_s1", "voting_opening", "vote_1")

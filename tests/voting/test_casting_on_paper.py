"""Paper, proxies, and ballots taken out: four eyes, and the owner's own word first."""

import pytest

from chalicelib.ballot_log.public import chain
from chalicelib.core import archive
from chalicelib.identity.rules.people import Tie
from chalicelib.voting.service import casting, evidence, papers, proxies, receipts, removals
from tests.identity.residents import settle
from tests.voting.ballot_box import CLOSES, NO, OPENS, PAPER_UNTIL, YES, Box, at, refused
from tools import verify_vote

IN_TIME = OPENS + 3_600_000
URN = CLOSES + 61_000
"""When the urn is emptied."""


@pytest.fixture
def box(cloud, community):
    return Box(community)


@pytest.fixture
def during(box):
    with at(IN_TIME):
        yield box


def kinds(box):
    return [(entry.group, entry.type.value) for entry in box.entries()]


def test_two_who_read_the_same_register_it_for_good(during):
    first = during.enter("per_s1", "g000", NO)
    assert (first.state, first.entries, during.entries()) == ("ENTERED", 1, [])
    second = during.enter("per_s2", "g000", NO)
    assert (second.state, second.seq) == ("REGISTERED", 1)
    assert kinds(during) == [("g000", "PAPER")]
    refused("ballot_paper_is_final", lambda: during.cast("g000"))
    refused("ballot_paper_is_final", lambda: during.cast("g000", replaces=True))
    refused("ballot_paper_is_final", lambda: during.enter("per_s3", "g000", YES))


def test_paper_overrides_what_was_cast_online(during):
    during.cast("g000", YES)
    during.enter("per_s1", "g000", NO)
    during.enter("per_s2", "g000", NO)
    assert casting.turnout(during.vote).heads == 1
    during.finish()
    assert during.published()["totals"]["i1"]["NO"]["heads"] == 1


def test_a_mismatch_calls_a_third(during):
    during.enter("per_s1", "g000", YES)
    assert during.enter("per_s2", "g000", NO).state == "MISMATCH"
    refused("paper_entered_already", lambda: during.enter("per_s1", "g000", NO))
    assert during.entries() == []
    assert during.enter("per_s3", "g000", NO).state == "REGISTERED"


def test_three_who_differ_begin_anew(during):
    during.enter("per_s1", "g000", YES)
    during.enter("per_s2", "g000", NO)
    odd = during.enter("per_s3", "g000", {"i1": "INVALID", "i2": []})
    assert (odd.state, odd.entries, odd.disputes) == ("DISPUTED", 0, 1)
    during.enter("per_s1", "g000", YES)
    assert during.enter("per_s2", "g000", YES).state == "REGISTERED"


def test_nobody_else_enters_and_the_number_must_fit(during):
    refused("not_a_scrutineer", lambda: during.enter("per_g000", "g000", YES))
    other = papers.serial(during.vote.vote_key, "g001")
    refused("paper_serial_wrong", lambda: during.enter("per_s1", "g000", YES, serial=other))
    missing = f"{during.community}/votes/vote_1/per_s1/{'cd' * 32}.jpg"
    refused("paper_not_scanned", lambda: during.enter("per_s1", "g000", YES, scan=missing))
    stolen = f"other/votes/vote_1/per_s1/{'cd' * 32}.jpg"
    refused("paper_not_scanned", lambda: during.enter("per_s1", "g000", YES, scan=stolen))
    refused("ballot_items", lambda: during.enter("per_s1", "g000", {"i1": "YES"}))
    listed = evidence.serials(during.person("per_s1"), "vote_1", limit=100, after=None)
    assert (listed.items[1].group, listed.items[1].serial) == ("g001", other)


def test_paper_is_taken_until_the_urn_is_shut_and_after_who_waits(box):
    with at(CLOSES):
        refused("vote_settling", lambda: box.enter("per_s1", "g000", YES))
    with at(URN):
        box.enter("per_s1", "g000", YES)
        assert box.enter("per_s2", "g000", YES).state == "REGISTERED"
        refused("vote_closed", lambda: box.cast("g001"))
    with at(PAPER_UNTIL):
        refused("vote_closed", lambda: box.enter("per_s1", "g001", YES))
    box.finish()
    assert verify_vote.Log().verified(box.published())["ok"]


def test_taking_a_ballot_out_needs_two_and_leaves_a_trace(during):
    during.cast("g000", YES)
    ask = lambda who: removals.ask(during.person(who), "vote_1", "g000", "并非业主本人")  # noqa: E731 -- one call
    agree = lambda who: removals.agree(during.person(who), "vote_1", "g000")  # noqa: E731 -- one call
    refused("not_a_scrutineer", lambda: ask("per_g001"))
    refused("no_such_removal", lambda: agree("per_s2"))
    assert ask("per_s1").seq is None
    refused("removal_by_oneself", lambda: agree("per_s1"))
    assert kinds(during) == [("g000", "CAST")]
    assert agree("per_s2").seq == 2
    assert kinds(during)[-1] == ("g000", "VOID")
    assert casting.turnout(during.vote).heads == 0
    refused("ballot_nothing_stands", lambda: ask("per_s1"))
    during.cast("g000", NO)
    during.finish()
    assert during.published()["totals"]["i1"]["NO"]["heads"] == 1


def test_a_removal_is_of_the_ballot_that_was_looked_at(during):
    during.cast("g000", YES)
    removals.ask(during.person("per_s1"), "vote_1", "g000", "并非业主本人")
    during.cast("g000", NO, replaces=True)
    again = lambda: removals.agree(during.person("per_s2"), "vote_1", "g000")  # noqa: E731 -- one call
    refused("removal_outdated", again)


def test_a_spoiled_paper_ballot_is_taken_out_and_entered_anew(during):
    during.enter("per_s1", "g000", YES)
    during.enter("per_s2", "g000", YES)
    removals.ask(during.person("per_s1"), "vote_1", "g000", "扫描件属于另一户")
    removals.agree(during.person("per_s3"), "vote_1", "g000")
    during.enter("per_s1", "g000", NO)
    assert during.enter("per_s2", "g000", NO).state == "REGISTERED"


# -- proxies -----------------------------------------------------------------------------------


def lent(box, group, holder="per_tenant", **more):
    caller = box.voter(group)
    key = f"{box.community}/votes/vote_1/{caller.subject_id}/{'ef' * 32}.jpg"
    archive.put(key, b"jpg", "image/jpeg")
    wish = proxies.Mandate(holder, more.get("document", key), "ef" * 32)
    return proxies.give(caller, "vote_1", group, wish)


@pytest.fixture
def tenant(during):
    settle(during.community, "per_tenant", tie=Tie.TENANT, unit_id="g000")
    return "per_tenant"


def test_a_tenant_votes_with_a_written_proxy_alone(during, tenant):
    refused("ballot_not_yours", lambda: during.cast("g001", by=tenant))
    lent(during, "g001")
    assert during.cast("g001", by=tenant).type == "PROXY"
    assert during.cast("g001", NO, by=tenant).type == "PROXY"
    refused("ballot_not_yours", lambda: during.cast("g002", by=tenant))


def test_the_owners_own_ballot_beats_the_proxys(during, tenant):
    lent(during, "g001")
    during.cast("g001", YES, by=tenant)
    assert during.cast("g001", NO).type == "CAST"
    refused("ballot_own_stands", lambda: during.cast("g001", YES, by=tenant))
    assert casting.turnout(during.vote).heads == 1


def test_nobody_holds_too_many(during, tenant):
    lent(during, "g001")
    lent(during, "g002")
    refused("proxy_cap_reached", lambda: lent(during, "g003"))
    lent(during, "g002")  # the same once more is no third
    proxies.withdraw(during.voter("g001"), "vote_1", "g001")
    lent(during, "g003")
    refused("ballot_not_yours", lambda: during.cast("g001", by=tenant))


def test_a_proxy_is_written_by_its_owner_to_somebody_else(during, tenant):
    refused("proxy_not_written", lambda: lent(during, "g001", document="nothing"))
    theirs = f"{during.community}/votes/vote_1/per_g002/{'ef' * 32}.jpg"
    archive.put(theirs, b"jpg", "image/jpeg")
    refused("proxy_not_written", lambda: lent(during, "g001", document=theirs))
    refused("proxy_to_oneself", lambda: lent(during, "g001", holder="per_g001"))
    refused("proxy_holder_unknown", lambda: lent(during, "g001", holder="per_nobody"))
    wish = proxies.Mandate(tenant, "x", "ef" * 32)
    steal = lambda: proxies.give(during.voter("g002"), "vote_1", "g001", wish)  # noqa: E731 -- one call
    refused("ballot_not_yours", steal)
    refused("no_such_proxy", lambda: proxies.withdraw(during.voter("g001"), "vote_1", "g001"))


def test_who_holds_a_proxy_sees_that_it_was_used(during, tenant):
    lent(during, "g001")
    during.cast("g001", by=tenant)
    owner, holder = during.voter("g001"), during.person(tenant)
    for caller in (owner, holder):
        assert receipts.standing(caller, "vote_1", "g001").type == chain.Type.PROXY
    refused("ballot_not_yours", lambda: receipts.standing(during.voter("g002"), "vote_1", "g001"))

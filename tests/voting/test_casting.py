"""Ballots cast online: what is taken, what is refused, and that nothing of it is lost."""

import contextvars
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.exceptions import InvalidTag

from benchmarks.calls import counting
from chalicelib.ballot_log.public import canon, chain
from chalicelib.core.errors import Unprocessable
from chalicelib.voting.service import casting, publishing, receipts, waiting
from chalicelib.voting.tables.ballots import BallotRow
from chalicelib.voting.tables.log import CommitRow
from tests.voting.ballot_box import (
    CLOSES,
    NO,
    OPENS,
    PAPER_UNTIL,
    YES,
    Box,
    at,
    refused,
    said,
)
from tools import verify_vote

IN_TIME = OPENS + 3_600_000


@pytest.fixture
def box(cloud, community):
    return Box(community)


@pytest.fixture
def during(box):
    with at(IN_TIME):
        yield box


def unchanged(box, code, act):
    before = box.head().attribute_values, box.entries()
    refused(code, act)
    assert (box.head().attribute_values, box.entries()) == before


def test_a_ballot_is_two_calls_and_a_receipt(during):
    casting.cast(during.voter("g000"), "vote_1", "g000", said(YES))
    with counting("dynamodb") as tally:
        answer = during.cast("g001")
    assert tally.total == 2, str(tally)
    view = receipts.signed(answer)
    assert view.receipt is not None
    assert view.state == "TAKEN"
    (_, entry) = during.entries()
    assert (entry.seq, entry.group, entry.type) == (2, "g001", chain.Type.CAST)
    assert view.receipt.hash == entry.hash
    checked = receipts.check(during.voter("g001"), "vote_1", view.receipt)
    assert (checked.group, checked.counts) == ("g001", True)


def test_the_turnout_moves_with_the_head(during):
    assert casting.turnout(during.vote).heads == 0
    during.cast("g001")
    during.cast("g002")
    during.cast("g002", NO, replaces=True)
    turnout = casting.turnout(during.vote)
    assert (turnout.heads, turnout.area) == (2, 8_001 + 8_002)


@pytest.mark.parametrize(
    ("instant", "code"),
    [(OPENS - 1, "vote_not_open"), (CLOSES, "vote_closed"), (PAPER_UNTIL, "vote_closed")],
)
def test_the_servers_clock_decides(box, instant, code):
    with at(instant):
        unchanged(box, code, lambda: box.cast("g000"))


def test_the_last_millisecond_counts(box):
    with at(CLOSES - 1):
        assert box.cast("g000").state == "TAKEN"


def test_who_may_not_is_refused(during):
    unchanged(during, "ballot_not_yours", lambda: during.cast("g001", by="per_g000"))
    unchanged(during, "ballot_not_yours", lambda: during.cast("g001", by="per_tenant"))
    unchanged(during, "no_such_group", lambda: during.cast("g999"))
    elsewhere = Box(f"{during.community}x")
    act = lambda: casting.cast(elsewhere.voter("g001"), "vote_2", "g001", said(YES))  # noqa: E731 -- one call
    refused("no_such_vote", act)


@pytest.mark.parametrize(
    ("choice", "code"),
    [
        ({"i1": "MAYBE", "i2": []}, "ballot_option_unknown"),
        ({"i1": "INVALID", "i2": []}, "ballot_option_unknown"),
        ({"i1": "YES"}, "ballot_items"),
        ({"i1": "YES", "i2": [], "i3": "YES"}, "ballot_items"),
        ({"i1": "YES", "i2": ["zed"]}, "ballot_option_unknown"),
        ({"i1": "YES", "i2": ["ann", "bob"]}, "ballot_too_many_candidates"),
        ({"i1": "YES", "i2": ["bob", "ann"]}, "ballot_candidates_unsorted"),
    ],
)
def test_a_choice_that_is_none_is_refused(during, choice, code):
    unchanged(during, code, lambda: during.cast("g000", choice))


def test_a_seal_must_fit_and_never_comes_twice(during):
    wrong = canon.commitment(NO, b"\0" * 32)
    unchanged(during, "ballot_commit_wrong", lambda: during.cast("g000", YES, commit=wrong))
    nonce = b"\1" * 32
    during.cast("g000", YES, nonce=nonce)
    again = lambda: during.cast("g000", YES, nonce=nonce, replaces=True)  # noqa: E731 -- one call
    unchanged(during, "ballot_replayed", again)
    unchanged(during, "ballot_replayed", lambda: during.cast("g001", YES, nonce=nonce))


def test_changing_ones_mind(during):
    unchanged(during, "ballot_nothing_stands", lambda: during.cast("g000", replaces=True))
    during.cast("g000", YES)
    unchanged(during, "ballot_already_cast", lambda: during.cast("g000", NO))
    during.cast("g000", NO, replaces=True)
    during.finish()
    totals = during.published()["totals"]["i1"]
    assert (totals["YES"]["heads"], totals["NO"]["heads"]) == (0, 1)


def test_nothing_tells_a_choice_before_the_close(during):
    during.cast("g000", YES)
    ballot = BallotRow.find(during.vote.vote_key, "g000")
    assert ballot is not None
    assert b"YES" not in bytes(ballot.sealed)
    assert publishing.count(during.vote) is False
    with pytest.raises(Unprocessable, match="vote_not_counted"):
        publishing.result(during.vote)


def test_the_log_closes_once_and_counts_what_was_said(box):
    with at(IN_TIME):
        for group in box.names[:4]:
            box.cast(group, YES)
        box.cast("g004", NO)
    with at(PAPER_UNTIL + 59_000):
        assert publishing.close(box.vote) is False
    box.finish()
    box.finish()
    verified = verify_vote.Log().verified(box.published())
    assert verified["ok"]
    assert verified["results"][0]["strict"]["decision"] == "PASS"
    sheet = publishing.result(box.vote)
    assert sheet["cast"] == {"area": sum(8_000 + n for n in range(5)), "heads": 5}
    assert (sheet["close"], sheet["count"]) == (box.head().closing, 5)
    with at(PAPER_UNTIL + 61_000):
        refused("vote_closed", lambda: box.cast("g005"))


def test_named_only_where_the_rules_allow_it(box, cloud, community):
    with at(IN_TIME):
        box.cast("g000", YES)
    box.finish()
    refused("export_not_named", lambda: publishing.export(box.vote, "NAMED"))
    assert "openings" not in box.published()
    open_box = Box(f"{community}n", more={})
    open_box.vote.named_allowed = True
    with at(IN_TIME):
        open_box.cast("g000", YES)
    open_box.finish()
    assert publishing.export(open_box.vote, "NAMED")
    named = open_box.published("NAMED")
    assert named["openings"][0]["choice"] == YES
    assert verify_vote.Log().verified(named)["ok"]


def test_an_altered_row_stops_the_count(box):
    with at(IN_TIME):
        box.cast("g000", YES)
        box.cast("g001", NO)
    one, other = (BallotRow.find(box.vote.vote_key, group) for group in ("g000", "g001"))
    assert one is not None
    assert other is not None
    one.sealed = other.sealed
    one.save()
    with at(PAPER_UNTIL + 61_000):
        assert publishing.close(box.vote)
        with pytest.raises(InvalidTag):
            publishing.count(box.vote)


def test_two_hundred_at_once_are_all_there_once(cloud, community):
    box = Box(community, groups=200)

    def vote(group):
        with at(IN_TIME):
            return box.cast(group, YES if group < "g120" else NO)

    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda g: contextvars.copy_context().run(vote, g), box.names))
    assert {answer.state for answer in answers} <= {"TAKEN", "WAITING"}
    assert any(answer.state == "WAITING" for answer in answers), "nobody had to wait in line"
    with at(CLOSES + 1_000):
        waiting.drain(box.vote.vote_key)
    entries = box.entries()
    assert [entry.seq for entry in entries] == list(range(1, 201))
    assert sorted(entry.group for entry in entries) == box.names
    assert all(receipts.signed(answer).state == "TAKEN" for answer in answers)
    box.finish()
    totals = box.published()["totals"]["i1"]
    assert (totals["YES"]["heads"], totals["NO"]["heads"]) == (120, 80)
    assert verify_vote.Log().verified(box.published())["ok"]


def test_a_receipt_of_elsewhere_or_altered_is_refused(during):
    mine = receipts.signed(during.cast("g000")).receipt
    assert mine is not None
    voter = during.voter("g000")
    other = receipts.Receipt(**{**vars(mine), "vote": "vote_9"})
    refused("receipt_of_another_vote", lambda: receipts.check(voter, "vote_1", other))
    bent = receipts.Receipt(**{**vars(mine), "seq": 2})
    refused("receipt_not_ours", lambda: receipts.check(voter, "vote_1", bent))
    during.cast("g000", NO, replaces=True)
    assert receipts.check(voter, "vote_1", mine).counts is False


def test_a_commitment_is_on_record(during):
    answer = during.cast("g000")
    assert CommitRow.find(CommitRow.key(during.vote.vote_key, answer.commit)) is not None

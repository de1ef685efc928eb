"""Ballots that wait in line, and checkpoints: by the functions that are woken for them."""

import threading

import pytest

from chalicelib.ballot_log.public import canon, chain
from chalicelib.core import aws, clock, signatures
from chalicelib.voting.service import casting, placing, publishing, receipts, waiting
from chalicelib.voting.tables.log import Checkpoint
from chalicelib.voting.tables.waiting import CastRow
from functions.manifest import FUNCTIONS
from infra.one_machine.invoke import Target
from infra.one_machine.pollers import Poller
from tests.functions.conftest import job, kept, woken
from tests.voting.ballot_box import CLOSES, NO, OPENS, PAPER_UNTIL, YES, Box, at, refused, said

IN_TIME = OPENS + 3_600_000
HOUR = 3_600_000


@pytest.fixture
def box(cloud, community):
    return Box(community)


def line_up(box, group, choice=YES, **more):
    """Let a ballot wait as one does that lost its place too often."""
    words = said(choice, **more)
    desk = casting.desk_of(box.community, "vote_1", group, words.commit)
    ready = casting._ready(desk, box.voter(group), words)
    return waiting.queue_up(desk.head, ready, clock.now())


def entered(box):
    return [(entry.group, entry.type.value) for entry in box.entries()]


def test_the_line_is_served_in_order_however_often_it_is_asked(box, nothing_failed):
    answers = []
    for number, group in enumerate(box.names[:3]):
        with at(IN_TIME + number):
            answers.append(line_up(box, group))
    with at(IN_TIME + HOUR):
        assert {answer.state for answer in answers} == {"WAITING"}
        told = job({"vote_key": box.vote.vote_key})
        for _ in range(3):
            assert woken("enter_ballots", told) == nothing_failed
        views = [receipts.signed(answer) for answer in answers]
    assert entered(box) == [(group, "CAST") for group in box.names[:3]]
    assert [view.receipt.seq for view in views if view.receipt] == [1, 2, 3]
    before = kept("voting")
    woken("enter_ballots", told)
    assert kept("voting") == before


def test_who_waits_is_in_time_even_if_served_after_the_close(box, nothing_failed):
    with at(CLOSES - 1):
        answer = line_up(box, "g000")
    with at(CLOSES + 70_000):
        paper = lambda: box.enter("per_s1", "g001", NO)  # noqa: E731 -- one call
        refused("vote_settling", paper)  # the urn waits for whoever was in time
        assert woken("sweep_ballots", {}) >= 1
        assert receipts.signed(answer).state == "TAKEN"
        assert paper().state == "ENTERED"
    (entry,) = box.entries()
    assert entry.server_time == CLOSES - 1


def test_who_lost_meanwhile_is_told_why(box):
    with at(IN_TIME):
        first, one = line_up(box, "g000"), line_up(box, "g001", nonce=b"\7" * 32)
    with at(IN_TIME + 1):
        second, other = line_up(box, "g000", NO), line_up(box, "g002", nonce=b"\7" * 32)
        waiting.drain(box.vote.vote_key)
        view = receipts.signed(second)
        assert receipts.signed(first).state == "TAKEN"
        assert (view.state, view.refusal) == ("REFUSED", "ballot_already_cast")
        assert view.message == placing.MESSAGES["ballot_already_cast"]
        assert receipts.signed(one).state == "TAKEN"
        assert receipts.signed(other).refusal == "ballot_replayed"
    assert sorted(entered(box)) == [("g000", "CAST"), ("g001", "CAST")]
    stranger = box.voter("g005")
    refused("no_such_ballot", lambda: waiting.outcome(stranger, "vote_1", first.cast_id or ""))
    assert waiting.outcome(box.voter("g000"), "vote_1", first.cast_id or "").state == "TAKEN"


def test_the_log_does_not_close_over_who_waits(box):
    with at(CLOSES - 1):
        line_up(box, "g000")
    with at(PAPER_UNTIL + 61_000):
        assert publishing.close(box.vote)
        assert publishing.count(box.vote)
    assert box.published()["count"] == 1
    assert CastRow.waiting(box.vote.vote_key, 1) == []


def test_a_checkpoint_an_hour_and_one_at_the_close(box):
    with at(IN_TIME - 1):
        woken("sign_checkpoints", {})
        assert not list(Checkpoint.query(box.vote.vote_key))
    with at(IN_TIME):
        box.cast("g000")
        for _ in range(2):
            woken("sign_checkpoints", {})
    with at(IN_TIME + HOUR):
        woken("sign_checkpoints", {})
    box.finish()
    with at(PAPER_UNTIL + HOUR):
        woken("sign_checkpoints", {})
    points = list(Checkpoint.query(box.vote.vote_key))
    assert [(point.time, point.seq) for point in points] == [
        (IN_TIME, 1),
        (IN_TIME + HOUR, 1),
        (PAPER_UNTIL + 61_000, 1),
    ]
    assert [point.is_last for point in points] == [False, False, True]
    for point in points:
        words: dict[str, canon.Json] = {
            "vote": "vote_1",
            "seq": 1,
            "hash": point.hash,
            "time": int(point.time),
        }
        assert signatures.is_ours(chain.checkpoint_bytes(words), point.signature)
        assert not signatures.is_ours(chain.receipt_bytes(words), point.signature)


def test_the_line_has_one_consumer_at_a_time():
    (line,) = (f for f in FUNCTIONS if f.name == "enter_ballots")
    assert line.queues[0].is_fifo
    assert line.queues[0].dead_letters == "ballots-dlq.fifo"


def test_the_real_queue_wakes_the_consumer(box):
    """SQS's FIFO queue, the one machine's poller, the function under its own rights."""
    (function,) = (f for f in FUNCTIONS if f.name == "enter_ballots")
    poller = Poller(Target.of(function), function.queues[0], aws.client("sqs"), threading.Event())
    with at(IN_TIME):
        for number, group in enumerate(box.names):
            line_up(box, group, YES if number % 2 else NO)
    for _ in range(20):
        if len(box.entries()) == len(box.names):
            break
        poller.round()
    assert sorted(group for group, _ in entered(box)) == box.names

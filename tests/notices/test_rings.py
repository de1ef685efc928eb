"""A ring on the phone: once for each adult, never late, never lost without a word."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from chalicelib.core import clock
from chalicelib.identity import public as identity
from chalicelib.identity.rules.people import Tie
from chalicelib.notices.rules.consents import Choice
from chalicelib.notices.rules.templates import About
from chalicelib.notices.service import consents, rings, telling
from chalicelib.notices.service.templates import templates
from simulators.wechat.state import Fault
from tests.notices.conftest import SEND, TEMPLATE, Flat


def test_each_adults_phone_rings_once_however_often_it_is_asked(flat: Flat):
    for person in ("per_1", "per_2"):
        flat.agree(person, 2)
    event = flat.rung("per_1", "per_2")
    for _ in range(3):
        rings.ring(event)
    for person in ("per_1", "per_2"):
        (words,) = flat.got(person)
        assert (words["thing1"], words["thing2"]) == ("东门", "101")
        assert flat.left(person) == 1
        assert flat.became(person) == [("SENT", None)]
    (sent,) = [one for one in flat.wechat.sent if one["touser"] == flat.openids["per_1"]]
    assert sent["page"].endswith(event.call_id)


def test_ten_at_once_are_one_message(flat: Flat):
    flat.agree("per_1", 5)
    event = flat.rung("per_1")
    with ThreadPoolExecutor(10) as pool:
        tried = [pool.submit(rings.ring, event) for _ in range(10)]
    assert [one.exception() for one in tried] == [None] * 10
    assert len(flat.got("per_1")) == 1
    assert (flat.left("per_1"), flat.became("per_1")) == (4, [("SENT", None)])


def test_who_cannot_be_sent_anything_has_it_on_record_and_the_others_hear(flat: Flat):
    identity.register_person(flat.community, name="x", person_id="per_3")
    identity.move_in(flat.community, "u1", "per_3", Tie.FAMILY)
    flat.agree("per_2")
    rings.ring(flat.rung("per_1", "per_3", "per_2"))
    assert flat.became("per_1") == [("IN_APP", "no_consent")]
    assert flat.became("per_3") == [("IN_APP", "no_wechat")]
    assert len(flat.got("per_2")) == 1


def test_after_the_calls_end_nothing_is_sent(flat: Flat):
    flat.agree("per_1")
    rings.ring(flat.rung("per_1", ago_s=31))
    assert (flat.got("per_1"), flat.became("per_1")) == ([], [("LATE", "late")])
    assert flat.left("per_1") == 1


def test_wechat_counts_better_than_we(flat: Flat):
    consents.answer(flat.caller("per_1"), {TEMPLATE: Choice.ACCEPT})  # said, not done
    rings.ring(flat.rung("per_1"))
    assert flat.became("per_1") == [("IN_APP", "no_consent")]
    assert flat.left("per_1") == 0


@pytest.mark.parametrize(
    ("fault", "asked", "became", "left"),
    [
        (Fault(errcode=-1, times=2), 3, ("SENT", None), 0),
        (Fault(errcode=-1, times=9), 3, ("FAILED", "busy_-1"), 1),
        (Fault(status=502, times=1), 2, ("SENT", None), 0),
        (Fault(errcode=43108, times=1), 2, ("SENT", None), 0),
        (Fault(errcode=47003, times=1), 1, ("FAILED", "refused_47003"), 1),
        (Fault(errcode=40037, times=1), 1, ("FAILED", "refused_40037"), 1),
        (Fault(errcode=45009, times=1), 1, ("FAILED", "later_45009"), 1),
        (Fault(cut=True, times=1), 1, ("UNKNOWN", "lost"), 0),
    ],
    ids=str,
)
def test_what_wechat_does_wrong_is_on_record(flat: Flat, fault, asked, became, left):
    flat.agree("per_1")
    before = flat.wechat.asked[SEND]
    flat.wechat.faults[SEND] = fault
    event = flat.rung("per_1")
    for _ in range(2):
        rings.ring(event)
    flat.wechat.faults.clear()
    assert flat.wechat.asked[SEND] == before + asked
    assert (flat.became("per_1"), flat.left("per_1")) == ([became], left)
    assert len(flat.got("per_1")) == (became[0] == "SENT")


def test_what_may_wait_is_sent_in_the_next_minute_and_given_up_at_its_end(flat: Flat):
    flat.agree("per_1", 2)
    for lives_s in (600, 90):
        flat.wechat.faults[SEND] = Fault(errcode=45011, times=1)
        rings.ring(flat.rung("per_1", lives_s=lives_s))
    assert [state for state, _ in flat.became("per_1")] == ["WAITING"] * 2
    assert flat.left("per_1") == 0
    telling.retry()
    assert flat.got("per_1") == []
    later = clock.now() + timedelta(seconds=120)
    with clock.using(lambda: later):
        telling.retry()
        telling.retry()
    assert sorted(state for state, _ in flat.became("per_1")) == ["LATE", "SENT"]
    assert (len(flat.got("per_1")), flat.left("per_1")) == (1, 1)


def test_who_is_interrupted_before_sending_leaves_no_silence(flat: Flat):
    flat.agree("per_1", 2)
    event = flat.rung("per_1")
    template = templates()[About.RING]
    account = identity.wechat_of(flat.community, "per_1")
    assert account is not None
    message = telling.Message(
        flat.community, "per_1", About.RING, event.call_id, {}, event.expires_at
    )
    assert telling._claimed(telling._new(message), template, account, clock.now())
    rings.ring(event)  # redelivered: whether the phone rang, nobody knows
    assert (flat.got("per_1"), flat.became("per_1")) == ([], [("SENDING", None)])
    later = clock.now() + timedelta(seconds=61)
    with clock.using(lambda: later):
        telling.retry()
    assert flat.became("per_1") == [("UNKNOWN", "interrupted")]
    assert flat.got("per_1") == []

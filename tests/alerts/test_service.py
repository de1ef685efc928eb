import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import permutations
from random import Random

import pytest

from chalicelib.alerts import public as alerts
from chalicelib.alerts.rules.states import HOLD_MAX, Judgement, State
from chalicelib.alerts.service import review
from chalicelib.alerts.tables import Watch
from chalicelib.core import aws, clock
from chalicelib.core.errors import Conflict, NotFound


def only(lift):
    (alert,) = lift.alerts
    return alert


def test_two_of_three_frames_open_one_alert_hold_the_door_and_tell_the_staff(lift):
    lift.show("hh")
    alert = only(lift)
    assert (alert.state, alert.kind, alert.place_id) == ("HOLDING", "two_wheeler", "lift-1")
    assert alert.frames == [f"{lift.camera}-0", f"{lift.camera}-1"]
    assert lift.told == ["alert_opened"]
    assert lift.announced == ["alerts.AlertOpened"]
    ((_, message),) = lift.sent
    told = json.loads(message["p"])
    assert (told["op"], told["args"], told["by"]) == ("lift.hold", {"max_s": 120}, "alerts")


def test_one_frame_is_no_alert(lift):
    lift.show("..h..h..")
    assert (lift.alerts, lift.told, lift.ops) == ([], [], [])


def test_two_quiet_frames_release_the_door_and_close_the_alert(lift):
    lift.show("hhh..")
    alert = only(lift)
    assert (alert.state, alert.outcome) == ("CLEARED", "cleared")
    assert lift.ops == ["lift.hold", "lift.release"]
    assert lift.told == ["alert_opened"], "one notification per incident"
    assert lift.announced == ["alerts.AlertOpened", "alerts.AlertClosed"]


def test_repeated_frames_are_one_incident_until_it_is_cleared(lift):
    lift.show("h" * 40 + "..")
    assert [alert.state for alert in lift.alerts] == ["CLEARED"]
    lift.show("hh..", first=50)
    assert [alert.state for alert in lift.alerts] == ["CLEARED", "CLEARED"]
    assert lift.ops == ["lift.hold", "lift.release"] * 2


@pytest.mark.parametrize("order", list(permutations(range(5)))[::7])
def test_every_order_and_repetition_ends_in_the_same(make_lift, order):
    lift = make_lift()
    frames = lift.frames("hhh..")
    for number in (*order, *order[:3]):
        alerts.hear_frame(frames[number], at=lift.at(5))
    alert = only(lift)
    assert (alert.state, alert.outcome) == ("CLEARED", "cleared")
    assert lift.told == ["alert_opened"]
    assert lift.ops in (["lift.hold", "lift.release"], [])


def test_frames_heard_all_at_once_open_one_alert(lift):
    frames = lift.frames("hhhhhhhh") * 2
    Random(1).shuffle(frames)
    with ThreadPoolExecutor(8) as pool:
        for frame in frames:
            pool.submit(_until_heard, frame, lift.at(8))
    assert only(lift).state == "HOLDING"
    assert (lift.ops, lift.told) == (["lift.hold"], ["alert_opened"])


def _until_heard(frame, at):
    """As the queue does: a message that lost its race comes again."""
    for _ in range(10):
        try:
            return alerts.hear_frame(frame, at=at)
        except Conflict:
            continue
    raise AssertionError("never heard")


def test_late_frames_are_history(lift):
    for sequence in range(3):
        alerts.hear_frame(lift.frame(sequence, 0.9, live=False))
    assert (lift.alerts, lift.told, lift.ops) == ([], [], [])


def test_frames_that_waited_in_our_queues_raise_an_alert_and_move_no_door(lift):
    for frame in lift.frames("hh"):
        alerts.hear_frame(frame, at=lift.at(90))
    assert only(lift).state == "DETECTED"
    assert (lift.told, lift.ops) == (["alert_opened"], [])
    for frame in lift.frames("..", first=2):
        alerts.hear_frame(frame, at=lift.at(91))
    assert (only(lift).state, lift.ops) == ("CLEARED", [])


def test_a_lift_without_a_controller_still_has_its_alert(make_lift):
    lift = make_lift(controller=False)
    lift.show("hh")
    assert (only(lift).state, lift.told, lift.sent) == ("DETECTED", ["alert_opened"], [])
    lift.show("..", first=2)
    assert only(lift).state == "CLEARED"


def test_a_silent_camera_ends_its_incident_and_opens_a_new_one(lift):
    lift.show("hh")
    lift.show("hh", first=100)
    lost, anew = lift.alerts
    assert (lost.state, lost.outcome, anew.state) == ("CLEARED", "camera_lost", "HOLDING")
    assert lift.ops == ["lift.hold", "lift.release", "lift.hold"]


def test_a_frame_with_no_news_takes_one_read_and_one_write(lift):
    lift.show(".")
    made: list[str] = []
    events = aws.client("dynamodb").meta.events
    events.register("before-call.dynamodb", lambda model, **_: made.append(model.name), "count")
    try:
        lift.show(".", first=1)
    finally:
        events.unregister("before-call.dynamodb", unique_id="count")
    assert made == ["GetItem", "TransactWriteItems"]


# What the lift answers ----------------------------------------------------------------------


def test_a_lift_that_holds_has_warned(lift):
    lift.show("hh")
    lift.settled(only(lift), "DONE")
    lift.settled(only(lift), "DONE")
    assert only(lift).state == "WARNED"
    lift.show("..", first=2)
    assert (only(lift).state, lift.ops) == ("CLEARED", ["lift.hold", "lift.release"])


def test_fire_mode_outranks_an_e_bike(lift):
    lift.show("hh")
    lift.settled(only(lift), "REJECTED", "fire_mode")
    alert = only(lift)
    assert (alert.state, alert.outcome) == ("OVERRIDDEN", "overridden")
    assert lift.ops == ["lift.hold"], "a lift in fire mode is told nothing more"
    lift.show("h..", first=2)
    assert only(lift).state == "OVERRIDDEN"


@pytest.mark.parametrize("state", ["REJECTED", "FAILED", "EXPIRED"])
def test_a_lift_that_does_not_hold_brings_a_guard(lift, state):
    lift.show("hh")
    lift.settled(only(lift), state, "motor")
    assert only(lift).state == "GUARD_SENT"
    assert lift.told == ["alert_opened", "hold_failed"]
    lift.show("..", first=2)
    assert (only(lift).state, only(lift).outcome) == ("CLOSED", "cleared")


@pytest.mark.parametrize("op", ["gate.open", "lift.release"])
def test_other_answers_are_not_ours(lift, op):
    lift.show("hh")
    lift.settled(only(lift), "FAILED", op=op)
    assert only(lift).state == "HOLDING"


def test_an_answer_that_comes_after_the_end_changes_nothing(lift):
    lift.show("hh..")
    for state in ("DONE", "EXPIRED"):
        lift.settled(only(lift), state)
    assert only(lift).state == "CLEARED"


# The clock ----------------------------------------------------------------------------------


def test_no_door_is_held_longer_than_two_minutes(lift):
    lift.show("hh")
    alerts.expire_holds(at=lift.at(1) + HOLD_MAX - timedelta(seconds=1))
    assert only(lift).state == "HOLDING"
    for _ in range(2):
        alerts.expire_holds(at=lift.at(1) + HOLD_MAX)
    assert only(lift).state == "GUARD_SENT"
    assert lift.ops == ["lift.hold", "lift.release"]
    assert lift.told == ["alert_opened", "guard_sent"]


def test_a_clearing_that_was_waited_for_counts_before_the_guard_does(lift):
    """Between the two quiet frames one was lost, and none came after them."""
    lift.show("hh")
    for sequence in (2, 4):
        alerts.hear_frame(lift.frame(sequence, 0.0), at=lift.at(4))
    assert only(lift).state == "HOLDING"
    alerts.expire_holds(at=lift.at(1) + HOLD_MAX)
    assert (only(lift).state, lift.told) == ("CLEARED", ["alert_opened"])


# What staff say -----------------------------------------------------------------------------


def judged(lift, verdict: Judgement, subject: str = "grd_1"):
    return review.judge(lift.guard(subject), only(lift).alert_id, verdict, "婴儿车")


def test_a_false_positive_frees_the_door_at_once(lift):
    lift.show("hh")
    view = judged(lift, Judgement.FALSE_POSITIVE)
    assert (view.state, view.outcome) == (State.FALSE_POSITIVE, "false_positive")
    assert (view.note, view.judged_by) == ("婴儿车", "grd_1")
    assert lift.ops == ["lift.hold", "lift.release"]
    assert judged(lift, Judgement.FALSE_POSITIVE) == view
    lift.show("hhh", first=2)
    assert len(lift.alerts) == 1, "the pram is still there: the same incident"
    lift.show("..hh", first=5)
    assert len(lift.alerts) == 2


def test_the_first_verdict_stands(lift):
    lift.show("hh")
    judged(lift, Judgement.TRUE_POSITIVE)
    with pytest.raises(Conflict, match="already_judged"):
        judged(lift, Judgement.FALSE_POSITIVE, "grd_2")
    assert only(lift).state == "HOLDING"


def test_a_guard_closes_what_it_was_sent_for(lift):
    lift.show("hh")
    alerts.expire_holds(at=lift.at(1) + HOLD_MAX)
    view = judged(lift, Judgement.TRUE_POSITIVE)
    assert (view.state, view.outcome) == (State.CLOSED, "handled")
    assert lift.ops == ["lift.hold", "lift.release"], "released once"


def test_a_verdict_given_early_still_lets_the_guard_close(lift):
    lift.show("hh")
    assert judged(lift, Judgement.TRUE_POSITIVE).state == "HOLDING"
    alerts.expire_holds(at=lift.at(1) + HOLD_MAX)
    assert only(lift).state == "GUARD_SENT"
    view = judged(lift, Judgement.TRUE_POSITIVE)
    assert (view.state, view.outcome) == (State.CLOSED, "handled")


def test_a_verdict_on_what_is_over_is_kept_and_moves_nothing(lift):
    lift.show("hh..")
    view = judged(lift, Judgement.FALSE_POSITIVE)
    assert (view.state, view.outcome, view.verdict) == ("CLEARED", "cleared", "false_positive")
    assert lift.ops == ["lift.hold", "lift.release"]


def test_another_communitys_alert_is_no_alert(lift, make_lift):
    lift.show("hh")
    for community in ("com_other", ""):
        with pytest.raises(NotFound, match="no_such_alert"):
            review.alert(community or "com_x", only(lift).alert_id)


def test_pages_show_every_alert_once_the_newest_first(lift):
    for round_ in range(5):
        lift.show("hh..", first=10 * round_)
    seen, cursor = [], None
    while True:
        page = review.alerts(lift.community, limit=2, after=cursor)
        seen += [one.opened_at for one in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert len(seen) == 5
    assert seen == sorted(seen, reverse=True)
    assert seen[-1] == clock.from_epoch_ms(clock.epoch_ms(lift.at(1)))


def test_a_camera_that_was_silent_for_weeks_is_watched_anew(lift):
    """DynamoDB deletes late: the old watch is still there, and over."""
    lift.show("hh")
    (kept,) = [row for row in Watch.scan() if row.community_id == lift.community]
    with clock.standing_at(clock.now() + timedelta(days=30)):
        again = Watch.of(lift.community, lift.camera, kept.kind)
    assert (again.version, again.holding) == (kept.version, False)
    assert not again.alert_id

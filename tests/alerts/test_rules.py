from datetime import UTC, datetime, timedelta
from itertools import permutations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.alerts.rules import states
from chalicelib.alerts.rules.frames import (
    E_BIKE_IN_LIFT,
    KEPT,
    Frame,
    Verdict,
    Watched,
    heard,
    turns,
    verdict,
)
from chalicelib.alerts.rules.states import ARROWS, Judgement, State

START = datetime(2026, 1, 1, tzinfo=UTC)
E = E_BIKE_IN_LIFT


def frame(sequence: int, score: float = 0.9, *, boot: int = 1, at_s: float | None = None) -> Frame:
    at = START + timedelta(seconds=sequence if at_s is None else at_s)
    return Frame(boot, sequence, f"e{boot}-{sequence}", score, at, at, at)


def shown(text: str) -> list[Frame]:
    """`hh.` is two frames with an e-bike and one without, a second apart; `-` is none at all."""
    return [
        frame(number, 0.9 if mark == "h" else 0.0)
        for number, mark in enumerate(text)
        if mark != "-"
    ]


def told(found: Verdict) -> tuple[int | None, int | None]:
    return (
        found.opened.sequence if found.opened else None,
        found.cleared.sequence if found.cleared else None,
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", (None, None)),
        ("h", (None, None)),
        ("..h..h..", (None, None)),
        ("hh", (1, None)),
        ("h.h", (2, None)),
        ("h..h", (None, None)),
        ("..h.h.", (4, None)),
        ("hh.h.h.", (1, None)),
        ("hh..", (1, 3)),
        ("hhh.h..", (1, 6)),
        ("hh..hh", (1, 3)),
        ("h-h--..", (2, 6)),
    ],
)
def test_two_of_three_open_and_two_quiet_ones_clear(text: str, expected: tuple[int | None, ...]):
    assert told(verdict(shown(text), E)) == expected


@pytest.mark.parametrize(
    ("scores", "opens"),
    [
        ((0.5, 0.5), False),  # both count, but the median of (0, .5, .5) is below .6
        ((0.5, 0.9), False),
        ((0.6, 0.6), True),
        ((0.5, 0.5, 0.9), False),
        ((0.5, 0.9, 0.9), True),
        ((0.49, 0.9), False),
    ],
)
def test_the_median_of_the_last_three_must_reach_the_threshold(scores, opens):
    found = verdict([frame(n, score) for n, score in enumerate(scores)], E)
    assert (found.opened is not None) is opens


def test_frames_further_apart_than_three_seconds_do_not_add_up():
    assert verdict([frame(1, at_s=0), frame(2, at_s=3)], E).opened
    assert not verdict([frame(1, at_s=0), frame(2, at_s=3.1)], E).opened


def test_a_restarted_camera_goes_on_counting():
    assert told(verdict([frame(900, boot=1, at_s=0), frame(1, boot=2, at_s=1)], E)) == (1, None)


def test_the_score_is_the_median_that_opened():
    assert verdict([frame(1, 0.7), frame(2, 0.9)], E).score == 0.7


@given(
    st.lists(st.tuples(st.integers(0, 12), st.sampled_from((0.0, 0.55, 0.9))), max_size=14),
    st.data(),
)
def test_no_order_and_no_repetition_changes_the_verdict(drawn, data):
    frames = [frame(sequence, score) for sequence, score in dict(drawn).items()]
    repeated = frames + data.draw(
        st.lists(st.sampled_from(frames), max_size=8) if frames else st.just([])
    )
    shuffled = data.draw(st.permutations(repeated))
    assert verdict(shuffled, E) == verdict(frames, E)


@given(st.text("h.", max_size=14), st.integers(0, 13))
def test_a_frame_more_never_takes_an_opening_back(text, missing):
    """While a frame may still come, its place counts as empty: nothing opens too early."""
    frames = shown(text)
    partial = [one for one in frames if one.sequence != missing]
    if verdict(partial, E, at=START).opened:
        assert verdict(frames, E, at=START).opened


def test_a_missing_frame_is_waited_for_and_then_given_up():
    frames = [frame(1), frame(4, at_s=2)]
    soon, later = START + timedelta(seconds=2.5), START + timedelta(seconds=3)
    assert not verdict(frames, E, at=soon).opened
    assert verdict(frames, E, at=later).opened


def test_a_leap_in_the_numbering_is_not_waited_for():
    """Some cameras number by the clock: nothing is missing between 1,000 and 2,000."""
    frames = [frame(1_000, at_s=0), frame(2_000, at_s=1)]
    assert verdict(frames, E, at=START + timedelta(seconds=1)).opened


# The watch ----------------------------------------------------------------------------------


def watch(frames: list[Frame]) -> tuple[Watched, list[tuple[str, int]]]:
    """Hear frames as they arrive, a tenth of a second apart; return the end and what happened."""
    watched, said = Watched(), []
    for number, one in enumerate(frames):
        at = START + timedelta(seconds=0.01 * number)
        arrived = Frame(one.boot, one.sequence, one.event_id, one.score, one.occurred_at, at, at)
        watched, lost = heard(watched, arrived, E)
        assert not lost
        watched, made = turns(watched, E, at)
        said += [("open" if turn.opened else "clear", turn.frame.sequence) for turn in made]
    return watched, said


def test_an_incident_unfolds_once():
    assert watch(shown("hhhhh..")) == (watch(shown("hhhhh.."))[0], [("open", 1), ("clear", 6)])


@pytest.mark.parametrize("text", ["hh..", "hhh..", "h.h..", "hhhhh", ".h..h"])
def test_every_order_of_arrival_tells_of_the_same_incidents(text):
    _, usual = watch(shown(text))
    for order in permutations(shown(text)):
        _, said = watch(list(order))
        assert [what for what, _ in said] == [what for what, _ in usual], [
            f.sequence for f in order
        ]


@settings(max_examples=300)
@given(st.text("h.", min_size=1, max_size=18), st.data())
def test_reordering_within_five_frames_ends_in_the_same_state(text, data):
    frames = shown(text)
    delays = data.draw(st.lists(st.integers(0, 5), min_size=len(frames), max_size=len(frames)))
    arrival = [
        f for _, f in sorted(zip(delays, frames, strict=True), key=lambda p: p[0] + p[1].sequence)
    ]
    repeated = arrival + data.draw(st.lists(st.sampled_from(frames), max_size=5))
    assert watch(repeated)[0].holding == watch(frames)[0].holding


def test_a_silent_camera_ends_its_incident_and_may_number_anew():
    watched, _ = watch(shown("hhh"))
    assert watched.holding
    later = START + E.silence + timedelta(seconds=5)
    anew = Frame(1, 0, "new", 0.9, later, later, later)
    watched, lost = heard(watched, anew, E)
    assert lost
    assert (watched.frames, watched.holding) == ((anew,), False)
    old = frame(1)
    assert heard(watched, old, E) == (watched, False), "what came before the silence is history"
    other = Frame(1, 1, "other", 0.9, later, later - timedelta(seconds=1), later)
    assert heard(watched, other, E)[0] != watched, "frames that changed places are not"


def test_a_watch_stays_small():
    watched, _ = watch([frame(n, 0.0) for n in range(3 * KEPT)])
    assert len(watched.frames) == KEPT


# States -------------------------------------------------------------------------------------

LEGAL = {
    "DETECTED": "HOLDING CLEARED TIMEOUT FALSE_POSITIVE OVERRIDDEN",
    "HOLDING": "WARNED CLEARED TIMEOUT FALSE_POSITIVE OVERRIDDEN",
    "WARNED": "CLEARED TIMEOUT FALSE_POSITIVE OVERRIDDEN",
    "TIMEOUT": "GUARD_SENT",
    "GUARD_SENT": "CLOSED FALSE_POSITIVE",
    "CLEARED": "",
    "CLOSED": "",
    "FALSE_POSITIVE": "",
    "OVERRIDDEN": "",
}


@pytest.mark.parametrize(("state", "following"), list(product(State, State)))
def test_arrows_are_flows_11_and_no_others(state: State, following: State):
    assert states.may_follow(state, following) is (following in LEGAL[state].split())


@pytest.mark.parametrize("state", State)
def test_every_alert_that_is_not_over_can_end(state: State):
    if not states.is_over(state) and state is not State.TIMEOUT:
        assert states.ending(state) in (State.CLEARED, State.CLOSED)
        assert states.judged(state, Judgement.FALSE_POSITIVE) is State.FALSE_POSITIVE
    if states.is_over(state):
        assert states.ending(state) is None
        assert {states.judged(state, one) for one in Judgement} == {None}


def test_a_true_verdict_ends_only_what_a_guard_was_sent_for():
    ended = {s for s in State if states.judged(s, Judgement.TRUE_POSITIVE)}
    assert ended == {State.GUARD_SENT}


def test_every_state_has_its_arrows():
    assert set(ARROWS) == set(State)


def test_an_old_frame_moves_no_door():
    assert states.may_hold(START, START + states.FRESH_FOR)
    assert not states.may_hold(START, START + states.FRESH_FOR + timedelta(seconds=1))

"""Rolls and votes, by the functions that are woken for them."""

import pytest

from chalicelib.identity import public as identity
from chalicelib.voting.events import RollAsked
from chalicelib.voting.tables.rolls import Roll
from tests.functions.conftest import delivered, kept, woken
from tests.voting.assembly import CLOSES_ON, OPENS_ON, Assembly, on


@pytest.fixture
def assembly(http, sign, community):
    return Assembly(http, sign, community, flats=3)


def test_a_roll_told_of_twice_is_frozen_once(assembly, nothing_failed):
    vote_id = assembly.drafted()
    assembly.chair("POST", f"/votes/{vote_id}/roll", {})
    asked = RollAsked(assembly.community, vote_id)
    assert woken("freeze_rolls", delivered(asked, asked)) == nothing_failed
    before = kept("voting")
    assert woken("freeze_rolls", delivered(asked)) == nothing_failed
    assert kept("voting") == before


def test_a_late_word_of_a_roll_does_not_gather_it_anew(assembly, nothing_failed):
    vote_id = assembly.noticed()
    identity.move_out(assembly.community, "u001", "per_1")
    late = RollAsked(assembly.community, vote_id, step=3)
    assert woken("freeze_rolls", delivered(late)) == nothing_failed
    roll = Roll.find(assembly.community, vote_id)
    assert roll is not None
    assert roll.root == assembly.show(vote_id)["roll_root"]
    assert list(assembly.lines(vote_id)["u001"].owners) == ["per_1"]


def test_word_of_a_roll_that_nobody_has_is_let_go(assembly, nothing_failed):
    asked = RollAsked(assembly.community, "vote_gone")
    assert woken("freeze_rolls", delivered(asked)) == nothing_failed


def test_the_clock_opens_and_closes_however_often_it_strikes(assembly):
    vote_id = assembly.noticed()
    for day, state in ((OPENS_ON, "OPEN"), (CLOSES_ON, "CLOSED")):
        for hour in (1, 1, 2):
            with on(day, hour):
                woken("move_votes", {})
        assert assembly.show(vote_id)["state"] == state

"""From a log to a result: what stands counts, once, and only if it opens."""

from dataclasses import replace

import pytest

from chalicelib.ballot_log.public import ballots, chain
from chalicelib.ballot_log.rules.chain import Channel, Type
from chalicelib.voting.rules import Deeming, Unit, Weight, head_groups
from chalicelib.voting.service import counting
from tests.voting.votes import COMMITTEE, FUND, OPENS, REBUILD, Vote, held

GROUPS = head_groups(Unit(name, 100, frozenset({name})) for name in ("a", "b", "c", "d", "e", "f"))


def vote_on(*items, deeming=Deeming.STRICT, **terms):
    made = held(0, steps=0, deeming=deeming, **terms)
    return Vote(replace(made.terms, items=items), GROUPS)


def cast(vote, group, said, kind=Type.CAST, channel=Channel.ONLINE):
    nonce = bytes([len(vote.entries)]) * 32
    assert vote.cast(kind, channel, group, said, nonce=nonce, at=OPENS) is None


def results(vote):
    return counting.results(vote.terms, vote.count())


def decision(vote, how="strict"):
    return results(vote)[0][how]["decision"]


def test_the_last_ballot_counts_and_the_first_does_not():
    vote = vote_on(FUND)
    for group in "abcd":
        cast(vote, group, {"i1": "YES"})
    assert decision(vote) == "PASS"
    for group in "bcd":
        cast(vote, group, {"i1": "NO"}, Type.REPLACE)
    assert vote.count().totals["i1"]["YES"] == {"area": 100, "heads": 1}
    assert decision(vote) == "REJECTED"


def test_a_ballot_that_was_taken_out_does_not_take_part():
    vote = vote_on(FUND)
    for group in "abcd":
        cast(vote, group, {"i1": "YES"})
    cast(vote, "a", {"reason": "无授权"}, Type.VOID, Channel.OFFICE)
    assert vote.count().cast == Weight(300, 3)
    assert decision(vote) == "NO_QUORUM"


@pytest.mark.parametrize(("takes_part", "said"), [(False, "NO_QUORUM"), (True, "PASS")])
def test_a_mark_that_cannot_be_read_takes_part_if_the_rules_say_so(takes_part, said):
    vote = vote_on(FUND, invalid_participates=takes_part)
    for group in "abc":
        cast(vote, group, {"i1": "YES"})
    cast(vote, "d", {"i1": "INVALID"}, Type.PAPER, Channel.PAPER)
    assert decision(vote) == said


def test_silence_counts_where_it_reached_the_owner_and_nothing_came_back():
    vote = vote_on(FUND, deeming=Deeming.FOLLOW_MAJORITY)
    for group in "abc":
        cast(vote, group, {"i1": "YES"})
    vote.delivered = ["a", "d"]
    assert vote.count().silent == Weight(100, 1)
    assert (decision(vote), decision(vote, "deemed")) == ("NO_QUORUM", "PASS")


@pytest.mark.parametrize(
    ("deeming", "status"),
    [
        ("STRICT", "NO_QUORUM"),
        ("DELIVERED_PARTICIPATES", "ELECTED"),
        ("FOLLOW_MAJORITY", "NO_QUORUM"),
    ],
)
def test_silence_elects_nobody_but_may_take_part(deeming, status):
    committee = replace(COMMITTEE, seats=1)
    vote = vote_on(REBUILD, committee, deeming=Deeming(deeming))
    for group in "abc":
        cast(vote, group, {"i2": "YES", "i3": ["ann"]})
    vote.delivered = ["d", "e"]
    election = results(vote)[1]
    assert election["deemed"]["status"] == status
    assert election["strict"]["status"] == "NO_QUORUM"


def test_a_ballot_that_does_not_open_stops_the_count():
    vote = vote_on(FUND)
    cast(vote, "a", {"i1": "YES"})
    for wrong in ({}, {1: ballots.Opening(1, {"i1": "NO"}, vote.openings[1].nonce)}):
        with pytest.raises(ValueError, match="entry 1 is not opened"):
            counting.counted(vote.terms, GROUPS, vote.entries, wrong)


def test_the_order_of_ballots_does_not_matter():
    said = {"a": "YES", "b": "NO", "c": "ABSTAIN", "d": "YES"}
    counts = []
    for order in ("abcd", "dcba"):
        vote = vote_on(FUND)
        for group in order:
            cast(vote, group, {"i1": said[group]})
        counts.append(vote.count())
    assert counts[0] == counts[1]


def test_one_ballot_per_head_group():
    vote = held(7, steps=300)
    assert len(chain.standing(vote.entries)) <= len(vote.groups)
    assert vote.count().cast.heads == len(chain.standing(vote.entries))


def test_the_roll_names_rooms_and_no_owner():
    lines = counting.roll_lines(held(7).groups)
    assert set(lines[0]) == {"group", "units", "area", "head"}
    assert "owner" not in str(lines)

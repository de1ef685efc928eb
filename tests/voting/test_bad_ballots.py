"""Bad input over HTTP: a stable code, and the log is what it was."""

import uuid

import pytest

from chalicelib.identity import public as identity
from chalicelib.voting.tables.log import LogHead
from tests.voting.ballot_box import CLOSES, NO, OPENS, PAPER_UNTIL, YES, Box, at, said

IN_TIME = OPENS + 120_000


@pytest.fixture
def box(http, community):
    """An open vote in whose log one ballot stands already."""
    made = Box(community)
    with at(IN_TIME):
        made.cast("g005", YES)
    return made


@pytest.fixture
def phone(http, sign, box):
    def call(who, path, body, *, ms=IN_TIME, vote="vote_1"):
        token = sign(box.community, who, exp=PAPER_UNTIL // 1000 + 3_600)
        with at(ms):
            path = f"/resident/votes/{vote}{path}"
            return http("POST", path, body, token=token, idempotency_key=uuid.uuid4().hex)

    return call


@pytest.fixture
def unchanged(box):
    """Assert that the test wrote no entry."""
    before = box.entries(), box.head().hash
    yield
    assert (box.entries(), box.head().hash) == before


def ballot(choice, **more):
    words = said(choice, **more)
    sent = {"choice": words.choice, "nonce": words.nonce, "commit": words.commit}
    return {**sent, "replaces": words.replaces}


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("ms", [CLOSES, CLOSES + 1, PAPER_UNTIL])
def test_a_ballot_after_the_close(phone, ms):
    reply = phone("per_g000", "/groups/g000/ballot", ballot(YES), ms=ms)
    assert (reply.status, reply.code) == (409, "vote_closed")


def test_a_ballot_before_the_opening(phone, box):
    empty = Box(box.community, vote_id="vote_2")
    reply = phone("per_g000", "/groups/g000/ballot", ballot(YES), ms=OPENS - 1, vote="vote_2")
    assert (reply.status, reply.code, empty.entries()) == (409, "vote_not_open", [])


@pytest.mark.usefixtures("unchanged")
def test_a_ballot_for_another_group(phone):
    reply = phone("per_g001", "/groups/g000/ballot", ballot(YES))
    assert (reply.status, reply.code) == (403, "ballot_not_yours")
    nowhere = phone("per_g001", "/groups/g999/ballot", ballot(YES))
    assert (nowhere.status, nowhere.code) == (404, "no_such_group")


@pytest.mark.usefixtures("unchanged")
def test_a_second_ballot_under_another_key(phone):
    reply = phone("per_g005", "/groups/g005/ballot", ballot(NO))
    assert (reply.status, reply.code) == (409, "ballot_already_cast")


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("choice", "code"),
    [
        ({"i1": "MAYBE", "i2": ["ann"]}, "ballot_option_unknown"),
        ({"i1": "YES", "i2": ["eve"]}, "ballot_option_unknown"),
        ({"i1": "INVALID", "i2": ["ann"]}, "ballot_option_unknown"),
        ({"i1": "YES"}, "ballot_items"),
        ({**YES, "i3": "YES"}, "ballot_items"),
        ({"i1": "YES", "i2": ["ann", "bob"]}, "ballot_too_many_candidates"),
    ],
)
def test_an_unknown_option(phone, choice, code):
    reply = phone("per_g000", "/groups/g000/ballot", ballot(choice))
    assert (reply.status, reply.code) == (422, code)


@pytest.mark.usefixtures("unchanged")
def test_a_seal_that_does_not_fit(phone):
    sent = ballot(YES) | {"commit": ballot(NO)["commit"]}
    reply = phone("per_g000", "/groups/g000/ballot", sent)
    assert (reply.status, reply.code) == (422, "ballot_commit_wrong")


def test_a_replayed_ballot_and_a_replayed_receipt(phone, box):
    sent = ballot(YES)
    receipt = phone("per_g000", "/groups/g000/ballot", sent).body["receipt"]
    before = box.entries()
    stolen = phone("per_g001", "/groups/g001/ballot", sent)
    assert (stolen.status, stolen.code) == (409, "ballot_replayed")
    Box(box.community, vote_id="vote_2")
    elsewhere = phone("per_g000", "/receipts/check", receipt, vote="vote_2")
    assert (elsewhere.status, elsewhere.code) == (422, "receipt_of_another_vote")
    renamed = phone("per_g000", "/receipts/check", receipt | {"vote": "vote_2"}, vote="vote_2")
    assert (renamed.status, renamed.code) == (422, "receipt_not_ours")
    assert box.entries() == before


def test_a_roll_whose_areas_overlap(assembly):
    whole = {"areas": [assembly.path, assembly.path]}
    reply = assembly.chair("POST", "/votes", assembly.wish(**whole))
    assert (reply.status, reply.code) == (422, "vote_paths_overlap")
    assert assembly.chair("GET", "/votes").body["items"] == []


def test_a_flat_without_area_keeps_the_vote_from_being_noticed(assembly):
    identity.add_unit(assembly.community, "u900", "无面积")
    vote_id = assembly.frozen()
    roll = assembly.chair("GET", f"/votes/{vote_id}/roll").body
    assert roll["state"] == "FAULTY"
    assert [fault["code"] for fault in roll["faults"]] == ["unit_without_area"]
    reply = assembly.chair("POST", f"/votes/{vote_id}/notice", {})
    assert (reply.status, reply.code) == (422, "roll_not_frozen")
    assert LogHead.find(f"{assembly.community}#{vote_id}") is None

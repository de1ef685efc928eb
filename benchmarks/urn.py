"""A vote that lies in the tables with a ballot of every group, without anybody having cast it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta

from chalicelib.ballot_log.public import canon, chain
from chalicelib.core import clock, ids, outbox
from chalicelib.core.table import Row
from chalicelib.voting.service import casting, placing, sealing_choices
from chalicelib.voting.tables.log import LogHead
from chalicelib.voting.tables.rolls import RollLine
from chalicelib.voting.tables.votes import VoteRow

PACK = 90
"""Rows of one transaction, which has room for 100."""

ITEMS = [{"id": "i1", "number": 5, "candidates": [], "seats": 0, "title": "", "text": ""}]
CHOICE = {"i1": "YES"}


def filled(groups: int) -> tuple[VoteRow, datetime]:
    """Return a vote with so many groups, each with a ballot, and when its log may close."""
    opens = clock.now().replace(microsecond=0)
    vote, lines = _vote(groups, opens)
    head = casting.open_log(vote)
    assert isinstance(head, LogHead)
    rows = [*lines, *_ballots(head, lines, clock.epoch_ms(opens) + 1)]
    for start in range(0, len(rows), PACK):
        outbox.commit(*rows[start : start + PACK])
    outbox.commit(vote, head)
    after = clock.from_epoch_ms(int(vote.paper_until)) + placing.SETTLES + timedelta(seconds=1)
    return vote, after


def _vote(groups: int, opens: datetime) -> tuple[VoteRow, list[RollLine]]:
    days = [opens + timedelta(days=number) for number in (0, 6, 7)]
    vote = VoteRow(
        community_id=ids.new_id("com"),
        vote_id=ids.new_id("vote"),
        node_path="",
        title="",
        state="CLOSED",
        legal_mode="CONSULTATIVE",
        items=ITEMS,
        terms={"more": {}},
        opens_on=days[0].date().isoformat(),
        closes_on=days[1].date().isoformat(),
        audience="committee",
        convened_by="",
        drafted_at=0,
        opens_at=clock.epoch_ms(days[0]),
        closes_at=clock.epoch_ms(days[1]),
        paper_until=clock.epoch_ms(days[2]),
    )
    lines = [
        RollLine(
            vote_key=vote.vote_key,
            group=f"{number:07}",
            community_id=vote.community_id,
            vote_id=vote.vote_id,
            units=[f"{number:07}"],
            area=8_000 + number,
        )
        for number in range(groups)
    ]
    vote.roll_area, vote.roll_heads = sum(int(line.area) for line in lines), groups
    vote.rules_hash = canon.rules_hash(vote.frozen_terms().as_json())
    shown = [canon.roll_line(line.group, line.units, int(line.area)) for line in lines]
    vote.roll_root = canon.roll_root(shown)
    vote.h0 = chain.opened(vote.vote_id, vote.roll_root, vote.rules_hash).hash
    return vote, lines


def _ballots(head: LogHead, lines: list[RollLine], at_ms: int) -> Iterator[Row]:
    """Yield the rows of a ballot of each line, and turn the head with each."""
    for line in lines:
        nonce = secrets.token_bytes(canon.NONCE)
        commit = canon.commitment(CHOICE, nonce)
        draft = chain.Draft(chain.Type.CAST, line.group, chain.Channel.ONLINE, commit)
        sealed = sealing_choices.sealed(head, line.group, commit, CHOICE, nonce.hex())
        ready = placing.Ready(draft, int(line.area), sealed, "per_1")
        yield from placing.placed(head, None, ready, at_ms).rows

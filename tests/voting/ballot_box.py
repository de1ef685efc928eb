"""An open vote of some groups in the tables, and voters who tap; time stands where it is put."""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from chalicelib.ballot_log.public import canon, chain
from chalicelib.core import archive, clock, outbox
from chalicelib.core.auth import Caller
from chalicelib.core.table import Row
from chalicelib.voting.service import casting, papers, publishing
from chalicelib.voting.tables.log import CountRow, EntryRow, LogHead
from chalicelib.voting.tables.rolls import RollLine
from chalicelib.voting.tables.votes import VoteRow
from tests.invariants.matrix import planted
from tools import verify_vote

OPENED = clock.now().replace(microsecond=0)
OPENS = clock.epoch_ms(OPENED)
DAY = 86_400_000
CLOSES, PAPER_UNTIL = OPENS + 6 * DAY, OPENS + 7 * DAY
ITEMS = [
    {"id": "i1", "number": 5, "candidates": [], "seats": 0, "title": "使用维修资金", "text": ""},
    {"id": "i2", "number": 3, "candidates": ["ann", "bob"], "seats": 1, "title": "选举"},
]
SCRUTINEERS = ["per_s1", "per_s2", "per_s3"]
YES, NO = {"i1": "YES", "i2": ["ann"]}, {"i1": "NO", "i2": ["bob"]}


@dataclass
class Box:
    """A vote that is open: group `g003` is of `per_g003` alone."""

    community: str
    groups: int = 6
    vote_id: str = "vote_1"
    more: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        width = max(3, len(str(self.groups)))
        self.names = [f"g{number:0{width}}" for number in range(self.groups)]
        lines = [self._line(number, name) for number, name in enumerate(self.names)]
        self.vote = self._vote(lines)
        outbox.commit(self.vote, casting.open_log(self.vote))
        for start in range(0, len(lines), 90):
            outbox.commit(*lines[start : start + 90])

    def _line(self, number: int, name: str) -> Row:
        return planted(
            RollLine,
            vote_key=f"{self.community}#{self.vote_id}",
            group=name,
            community_id=self.community,
            vote_id=self.vote_id,
            units=[name],
            area=8_000 + number,
            voters=[f"per_{name}"],
            owners=[f"per_{name}"],
        )

    def _vote(self, lines: list[Any]) -> VoteRow:
        vote = planted(
            VoteRow,
            community_id=self.community,
            vote_id=self.vote_id,
            state="OPEN",
            legal_mode="CONSULTATIVE",
            items=ITEMS,
            deeming="STRICT",
            opens_at=OPENS,
            closes_at=CLOSES,
            paper_until=PAPER_UNTIL,
            terms={"more": {"proxy_cap": 2}},
            scrutineers=SCRUTINEERS,
            invalid_participates=False,
            named_allowed=False,
            **self.more,
        )
        assert isinstance(vote, VoteRow)
        terms = vote.frozen_terms().as_json()
        vote.terms, vote.rules_hash = terms, canon.rules_hash(terms)
        vote.roll_area, vote.roll_heads = sum(line.area for line in lines), len(lines)
        shown = [canon.roll_line(line.group, line.units, line.area) for line in lines]
        vote.roll_root = canon.roll_root(shown)
        vote.h0 = chain.opened(self.vote_id, vote.roll_root, vote.rules_hash).hash
        return vote

    def person(self, person_id: str) -> Caller:
        return Caller(person_id, self.community, "resident", ("resident",), 2**40)

    def voter(self, group: str) -> Caller:
        return self.person(f"per_{group}")

    def cast(self, group: str, choice: dict[str, Any] = YES, *, by: str = "", **more: Any) -> Any:
        caller = self.person(by) if by else self.voter(group)
        return casting.cast(caller, self.vote_id, group, said(choice, **more))

    def head(self) -> LogHead:
        found = LogHead.find(self.vote.vote_key)
        assert found is not None
        return found

    def entries(self) -> list[chain.Entry]:
        found = EntryRow.query(self.vote.vote_key, consistent_read=True)
        return [row.entry() for row in found]

    def scan(self, who: str = "per_s1") -> str:
        key = f"{self.community}/votes/{self.vote_id}/{who}/{'ab' * 32}.jpg"
        archive.put(key, b"jpg", "image/jpeg")
        return key

    def paper(self, group: str, choice: dict[str, Any], **more: Any) -> papers.Paper:
        fields = {
            "serial": papers.serial(self.vote.vote_key, group),
            "scan": self.scan(),
            "scan_sha256": "ab" * 32,
            "choice": choice,
        }
        return papers.Paper(**{**fields, **more})

    def enter(self, who: str, group: str, choice: dict[str, Any], **more: Any) -> papers.PaperView:
        read = self.paper(group, choice, **more)
        return papers.enter(self.person(who), self.vote_id, group, read)

    def finish(self) -> None:
        with at(PAPER_UNTIL + 61_000):
            assert publishing.close(self.vote)
            assert publishing.count(self.vote)

    def published(self, level: str = "SEALED") -> dict[str, Any]:
        row = CountRow.find(self.vote.vote_key)
        assert row is not None
        content = archive.read(row.exports[level]["key"])
        return dict(json.loads(content, object_pairs_hook=verify_vote.strict))


def said(choice: dict[str, Any], **more: Any) -> casting.Said:
    """Return what an app sends: a nonce of its own, and the seal of both."""
    nonce = more.pop("nonce", None) or secrets.token_bytes(32)
    commit = more.pop("commit", None) or canon.commitment(choice, nonce)
    return casting.Said(choice, nonce.hex(), commit, **more)


def at(ms: int) -> Any:
    """Let the server's clock stand at an instant."""
    return clock.standing_at(clock.from_epoch_ms(ms))


def refused(code: str, act: Callable[[], Any]) -> None:
    """Expect a refusal of this code."""
    import pytest  # noqa: PLC0415 -- a helper of tests

    from chalicelib.core.errors import Refusal  # noqa: PLC0415 -- as above

    with pytest.raises(Refusal) as caught:
        act()
    assert caught.value.code == code


HOUR = timedelta(hours=1)

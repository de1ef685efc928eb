"""Paper ballots: two scrutineers enter each one independently, and what both say is registered.

A scrutineer never sees what another one wrote. Two who differ call a third; three who differ
begin anew. A registered paper ballot is final and shuts the online channel (LAW.md 1.7.7).
"""

import base64
import hashlib
import hmac
import random
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chalicelib.ballot_log.public import ballots, canon, chain
from chalicelib.core import archive, clock, keyring, outbox
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Conflict, Forbidden, NotFound, Unprocessable
from chalicelib.core.reading import Wish, at_once
from chalicelib.voting.service import casting, placing, sealing_choices, votes, waiting
from chalicelib.voting.service.placing import Ready
from chalicelib.voting.tables.ballots import BallotRow, PaperRow
from chalicelib.voting.tables.log import LogHead, vote_key
from chalicelib.voting.tables.rolls import RollLine
from chalicelib.voting.tables.votes import VoteRow

TRIES = 5
SERIAL = 10
"""Letters and digits of a paper's number, 50 bits: nobody guesses one of another vote."""


class PaperState(StrEnum):
    """How far a paper ballot is."""

    ENTERED = "ENTERED"
    MISMATCH = "MISMATCH"
    DISPUTED = "DISPUTED"
    REGISTERED = "REGISTERED"


@dataclass(frozen=True)
class Paper:
    """A paper ballot as a scrutineer read it, and the scan that it was read from."""

    serial: str
    scan: str
    scan_sha256: str
    choice: ballots.Choice


@dataclass(frozen=True)
class PaperView:
    """How far a paper ballot is: never what anybody entered."""

    vote_id: str
    group: str
    serial: str
    state: PaperState
    entries: int
    disputes: int
    seq: int | None = None
    legal_notice: str = ""


@dataclass(frozen=True)
class Table:
    """Where scrutineers work on a group's ballot: everything that bears on it, read at once."""

    vote: VoteRow
    head: LogHead
    line: RollLine
    standing: BallotRow | None
    paper: PaperRow | None


def serial(key: str, group: str) -> str:
    """Return the number printed on a group's paper ballot of a vote: only we can make one."""
    digest = hmac.digest(
        keyring.derived("paper-serial"), f"{key}\x1f{group}".encode(), hashlib.sha256
    )
    return base64.b32encode(digest).decode()[:SERIAL]


def enter(caller: Caller, vote_id: str, group: str, paper: Paper) -> PaperView:
    """Take down what a scrutineer read; register the ballot once two agree.

    Raises NotFound; Forbidden `not_a_scrutineer`; Unprocessable `paper_serial_wrong`,
    `paper_not_scanned`, or what is wrong with the choice; Conflict `paper_entered_already`,
    or a code of `placing.MESSAGES`.
    """
    for attempt in range(TRIES):
        at = clock.now()
        table = table_of(caller, vote_id, group, at)
        _check(caller, table, paper)
        try:
            return _entered(caller, table, paper, at)
        except Conflict as lost:
            if lost.code != "lost_race" or attempt == TRIES - 1:
                raise
            time.sleep(random.uniform(0, 0.02) * 2**attempt)  # noqa: S311 -- jitter, no secret
    raise AssertionError("unreachable")


def table_of(caller: Caller, vote_id: str, group: str, at: datetime) -> Table:
    """Return the scrutineers' table for a group; they work from the opening to `paper_until`.

    After the online channel has closed they wait until every ballot that came in time is in
    the log. Raises as `enter`.
    """
    key = vote_key(caller.community_id, vote_id)
    vote, head, line, standing, paper = at_once(
        Wish(VoteRow, caller.community_id, vote_id),
        Wish(LogHead, key, None),
        Wish(RollLine, key, group),
        Wish(BallotRow, key, group),
        Wish(PaperRow, key, group),
    )
    require_scrutineer(caller, vote)
    if line is None:
        raise casting.no_such_group()
    if head is None:
        raise placing.refusal("vote_not_open")
    at_ms = clock.epoch_ms(at)
    over = at_ms >= int(head.closes_at)
    if placing.settling(head, at_ms) or (over and not waiting.is_empty(key)):
        raise placing.refusal("vote_settling")
    return Table(vote, head, line, standing, paper)


def require_scrutineer(caller: Caller, vote: VoteRow | None) -> VoteRow:
    """Return the vote; raises NotFound `no_such_vote`, or Forbidden `not_a_scrutineer`."""
    if vote is None:
        raise casting.no_such_vote()
    if caller.subject_id not in vote.scrutineers:
        raise Forbidden("not_a_scrutineer", "只有本次表决的监票人可以操作")
    return vote


def _check(caller: Caller, table: Table, paper: Paper) -> None:
    key, group = table.vote.vote_key, table.line.group
    if not hmac.compare_digest(paper.serial.encode(), serial(key, group).encode()):
        raise Unprocessable("paper_serial_wrong", "选票编号与该户不符")
    folder = f"{caller.community_id}/votes/{table.vote.vote_id}/"
    if not paper.scan.startswith(folder) or not archive.is_there(paper.scan):
        raise Unprocessable("paper_not_scanned", "请先上传选票扫描件")
    casting.check_choice(table.vote.put(), paper.choice, on_paper=True)
    _check_place(table)


def _check_place(table: Table) -> None:
    """Refuse early what could not be registered: the second entry would find out too late."""
    standing = table.standing.standing() if table.standing else None
    draft = chain.Draft(chain.Type.PAPER, table.line.group, chain.Channel.PAPER, "")
    at_ms = max(clock.epoch_ms(clock.now()), int(table.head.time))
    code = chain.refusal(draft, standing, table.head.window(), at_ms)
    if code:
        raise placing.refusal(code)


def _entered(caller: Caller, table: Table, paper: Paper, at: datetime) -> PaperView:
    head, group = table.head, table.line.group
    row = table.paper or PaperRow(vote_key=head.vote_key, group=group, state="")
    said = canon.canon({"choice": dict(paper.choice), "scan": paper.scan_sha256}).decode()
    if caller.subject_id in row.entries:
        raise Conflict("paper_entered_already", "您已录入过这张选票，须由另一位监票人录入")
    others = list(_notes(head, group, row))
    row.scan_key, row.scan_sha256 = paper.scan, paper.scan_sha256
    if said in others:
        return _registered(caller, table, row, paper, at)
    sealed = base64.b64encode(sealing_choices.sealed_note(head, group, said)).decode()
    row.entries = {**row.entries, caller.subject_id: sealed}
    row.state = (PaperState.MISMATCH if others else PaperState.ENTERED).value
    if len(row.entries) > 2:  # noqa: PLR2004 -- three who differ
        row.entries, row.state = {}, PaperState.DISPUTED.value
        row.disputes = int(row.disputes) + 1
    answer = view(table.vote, row)
    outbox.commit(row, answer=answer)
    return answer


def _registered(
    caller: Caller, table: Table, row: PaperRow, paper: Paper, at: datetime
) -> PaperView:
    head, group, nonce = table.head, table.line.group, secrets.token_bytes(canon.NONCE)
    commit = canon.commitment(dict(paper.choice), nonce)
    ready = Ready(
        chain.Draft(chain.Type.PAPER, group, chain.Channel.PAPER, commit),
        int(table.line.area),
        sealing_choices.sealed(head, group, commit, paper.choice, nonce.hex()),
        "+".join(sorted((caller.subject_id, *row.entries))),
    )
    before = head.end()
    put = placing.placed(head, table.standing, ready, clock.epoch_ms(at))
    row.state, row.seq = PaperState.REGISTERED.value, put.entry.seq
    row.entries = dict.fromkeys((*row.entries, caller.subject_id), "")
    answer = view(table.vote, row)
    placing.save(head, before, [put], at, answer=answer, more=(row,))
    return answer


def _notes(head: LogHead, group: str, row: PaperRow) -> Iterator[str]:
    for sealed in row.entries.values():
        if sealed:
            yield sealing_choices.noted(head, group, base64.b64decode(sealed))


def view(vote: VoteRow, row: PaperRow) -> PaperView:
    """Return how far a paper ballot is."""
    return PaperView(
        vote_id=vote.vote_id,
        group=row.group,
        serial=serial(row.vote_key, row.group),
        state=PaperState(row.state),
        entries=len(row.entries),
        disputes=int(row.disputes),
        seq=int(row.seq) if row.seq else None,
        legal_notice=votes.legal_notice(vote),
    )


def shown(caller: Caller, vote_id: str, group: str) -> PaperView:
    """Return how far a group's paper ballot is, to scrutineers; raises NotFound, Forbidden."""
    key = vote_key(caller.community_id, vote_id)
    vote, row = at_once(Wish(VoteRow, caller.community_id, vote_id), Wish(PaperRow, key, group))
    vote = require_scrutineer(caller, vote)
    if row is None:
        raise NotFound("no_such_paper", "该户没有已录入的纸质选票")
    return view(vote, row)

"""Taking a ballot out (VOID): one scrutineer says why, another one agrees, the log keeps it."""

import secrets
from dataclasses import dataclass

from chalicelib.ballot_log.public import canon, chain
from chalicelib.core import clock, outbox
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.voting.service import papers, placing, sealing_choices, votes
from chalicelib.voting.service.papers import Table
from chalicelib.voting.service.placing import Ready
from chalicelib.voting.tables.ballots import PaperRow, RemovalRow
from chalicelib.voting.tables.votes import VoteRow


@dataclass(frozen=True)
class Removal:
    """A ballot that is to be taken out, or was: `seq` is the VOID's, `of_seq` the ballot's."""

    vote_id: str
    group: str
    of_seq: int
    reason: str
    asked_by: str
    agreed_by: str | None
    seq: int | None
    legal_notice: str


def ask(caller: Caller, vote_id: str, group: str, reason: str) -> Removal:
    """Ask that a group's ballot be taken out; nothing changes until another agrees.

    Raises NotFound; Forbidden `not_a_scrutineer`; Conflict `ballot_nothing_stands`.
    """
    table, row = _table(caller, vote_id, group)
    standing = table.standing
    if standing is None or standing.standing() is None:
        raise placing.refusal("ballot_nothing_stands")
    row = row or RemovalRow(vote_key=table.vote.vote_key, group=group)
    row.of_seq, row.reason = standing.seq, reason
    row.nonce = secrets.token_hex(canon.NONCE)
    row.asked_by, row.asked_at = caller.subject_id, clock.epoch_ms(clock.now())
    row.agreed_by = row.seq = None
    answer = _view(table.vote, row)
    outbox.commit(row, answer=answer)
    return answer


def agree(caller: Caller, vote_id: str, group: str) -> Removal:
    """Agree, and take the ballot out; the group may vote again while the channel is open.

    The VOID's commitment seals the reason. Raises as `ask`; NotFound `no_such_removal`;
    Conflict `removal_by_oneself`, and `removal_outdated` if another ballot stands by now.
    """
    table, row = _table(caller, vote_id, group)
    if row is None or row.agreed_by:
        raise NotFound("no_such_removal", "没有待确认的作废申请")
    if row.asked_by == caller.subject_id:
        raise Conflict("removal_by_oneself", "须由另一位监票人确认")
    if table.standing is None or table.standing.seq != row.of_seq:
        raise Conflict("removal_outdated", "该户的选票已变更，请重新申请")
    at = clock.now()
    before = table.head.end()
    put = placing.placed(
        table.head, table.standing, _ready(table, row, caller.subject_id), clock.epoch_ms(at)
    )
    row.agreed_by, row.seq = caller.subject_id, put.entry.seq
    answer = _view(table.vote, row)
    more = [row, *_cleared(table.paper)]
    placing.save(table.head, before, [put], at, answer=answer, more=more)
    return answer


def _table(caller: Caller, vote_id: str, group: str) -> tuple[Table, RemovalRow | None]:
    table = papers.table_of(caller, vote_id, group, clock.now())
    return table, RemovalRow.find(table.vote.vote_key, group)


def _ready(table: Table, row: RemovalRow, agreed_by: str) -> Ready:
    head, group = table.head, table.line.group
    said = {"reason": row.reason}
    commit = canon.commitment(said, bytes.fromhex(row.nonce))
    return Ready(
        chain.Draft(chain.Type.VOID, group, chain.Channel.OFFICE, commit),
        int(table.line.area),
        sealing_choices.sealed(head, group, commit, said, row.nonce),
        f"{row.asked_by}+{agreed_by}",
    )


def _cleared(paper: PaperRow | None) -> list[PaperRow]:
    """Return a registered paper ballot with its entries gone: another may be entered."""
    if paper is None:
        return []
    paper.entries, paper.state, paper.seq = {}, papers.PaperState.DISPUTED.value, None
    return [paper]


def _view(vote: VoteRow, row: RemovalRow) -> Removal:
    return Removal(
        vote_id=vote.vote_id,
        group=row.group,
        of_seq=int(row.of_seq),
        reason=row.reason,
        asked_by=row.asked_by,
        agreed_by=row.agreed_by,
        seq=int(row.seq) if row.seq else None,
        legal_notice=votes.legal_notice(vote),
    )

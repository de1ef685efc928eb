"""Receipts: signed words that a ballot is in the log, and none about what it says."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.assemblies.public import procedure
from chalicelib.ballot_log.public import canon, chain
from chalicelib.core import signatures
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Forbidden, NotFound, Unprocessable
from chalicelib.core.reading import Wish, at_once
from chalicelib.voting.service import casting, placing, votes, waiting
from chalicelib.voting.service.waiting import Cast, State
from chalicelib.voting.tables.ballots import BallotRow, ProxyRow
from chalicelib.voting.tables.log import EntryRow, LogHead, vote_key
from chalicelib.voting.tables.rolls import RollLine
from chalicelib.voting.tables.votes import VoteRow


@dataclass(frozen=True)
class Receipt:
    """What a voter takes along: {vote, seq, hash, commit, time} and its signature."""

    vote: str
    seq: int
    hash: str
    commit: str
    time: int
    signature: str


@dataclass(frozen=True)
class CastView:
    """A ballot as its voter sees it; `refusal` is why one that waited was not taken."""

    vote_id: str
    group: str
    state: State
    type: str | None
    cast_id: str | None = None
    refusal: str | None = None
    message: str | None = None
    receipt: Receipt | None = None
    legal_notice: str = ""


@dataclass(frozen=True)
class Checked:
    """That a receipt is in the log, and whether its ballot still stands for the group."""

    group: str
    type: str
    counts: bool
    legal_notice: str


def signed(answer: Cast) -> CastView:
    """Return a ballot's view with its signed receipt; of one that waits, its latest state.

    Signing comes after the commit, so that no signature exists of what was not taken; a
    repeated request gets a signature of the same words.
    """
    now = waiting.latest(answer)
    code = now.refusal
    return CastView(
        vote_id=now.vote_id,
        group=now.group,
        state=now.state,
        type=now.type,
        cast_id=now.cast_id,
        refusal=code,
        message=placing.MESSAGES.get(code) if code else None,
        receipt=_receipt(
            {
                "vote": now.vote_id,
                "seq": now.seq or 0,
                "hash": now.hash or "",
                "commit": now.commit,
                "time": now.time or 0,
            }
        )
        if now.state is State.TAKEN
        else None,
        legal_notice=procedure.SHOWN[procedure.LegalMode(now.legal_mode)],
    )


def standing(caller: Caller, vote_id: str, group: str) -> CastView:
    """Return what stands for a group, to its voters and to whom it gave a proxy.

    Raises NotFound `no_such_vote`, `no_such_group`, `no_such_ballot`; Forbidden
    `ballot_not_yours`.
    """
    key = vote_key(caller.community_id, vote_id)
    vote, line, ballot, proxy = at_once(
        Wish(VoteRow, caller.community_id, vote_id),
        Wish(RollLine, key, group),
        Wish(BallotRow, key, group),
        Wish(ProxyRow, key, group),
    )
    if vote is None:
        raise casting.no_such_vote()
    if line is None:
        raise casting.no_such_group()
    holds = proxy is not None and not proxy.is_withdrawn and proxy.holder_id == caller.subject_id
    if not holds and not line.may_cast(caller.subject_id):
        raise Forbidden("ballot_not_yours", "您不是该户的投票人，也没有该户的书面委托")
    if ballot is None:
        raise NotFound("no_such_ballot", "没有找到这张选票")
    words = {
        "vote": vote_id,
        "seq": int(ballot.seq),
        "hash": ballot.hash,
        "commit": ballot.commit,
        "time": int(ballot.server_time),
    }
    notice = votes.legal_notice(vote)
    receipt = _receipt(words)
    return CastView(vote_id, group, State.TAKEN, ballot.type, receipt=receipt, legal_notice=notice)


def check(caller: Caller, vote_id: str, receipt: Receipt) -> Checked:
    """Return what a receipt stands for in the log.

    Raises NotFound `no_such_vote`; Unprocessable `receipt_of_another_vote` where somebody
    shows one again elsewhere, `receipt_not_ours` for a bad signature, `receipt_not_in_log`:
    whoever meets that one has caught us, and should keep the receipt.
    """
    key = vote_key(caller.community_id, vote_id)
    head = LogHead.find(key)
    if head is None:
        raise casting.no_such_vote()
    if receipt.vote != vote_id:
        raise Unprocessable("receipt_of_another_vote", "这张回执属于另一次表决")
    words = _words(receipt)
    if not signatures.is_ours(chain.receipt_bytes(words), receipt.signature):
        raise Unprocessable("receipt_not_ours", "回执的签名无效")
    row = EntryRow.find(key, receipt.seq)
    if row is None or chain.receipt(vote_id, row.entry()) != words:
        raise Unprocessable("receipt_not_in_log", "表决日志中没有这张回执，请保存回执并联系监票人")
    ballot = BallotRow.find(key, row.group)
    counts = ballot is not None and ballot.type is not None and ballot.seq == row.seq
    notice = procedure.SHOWN[procedure.LegalMode(head.legal_mode)]
    return Checked(row.group, row.type, counts, notice)


def _receipt(words: Mapping[str, canon.Json]) -> Receipt:
    fields: dict[str, Any] = dict(words)
    return Receipt(**fields, signature=signatures.signed(chain.receipt_bytes(words)))


def _words(receipt: Receipt) -> dict[str, canon.Json]:
    return {
        "vote": receipt.vote,
        "seq": receipt.seq,
        "hash": receipt.hash,
        "commit": receipt.commit,
        "time": receipt.time,
    }

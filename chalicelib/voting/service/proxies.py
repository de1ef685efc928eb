"""Proxies: an owner lends their voice in writing, to a person who has few others' (条例 12)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.assemblies.public import procedure
from chalicelib.core import archive, clock, outbox
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Forbidden, NotFound, Unprocessable
from chalicelib.core.reading import Wish, at_once
from chalicelib.identity import public as identity
from chalicelib.voting.events import ProxyGiven
from chalicelib.voting.service import casting, placing, votes
from chalicelib.voting.tables.ballots import HolderRow, ProxyRow
from chalicelib.voting.tables.log import vote_key
from chalicelib.voting.tables.rolls import RollLine
from chalicelib.voting.tables.votes import VoteRow

MESSAGES = {
    "proxy_cap_reached": "受托人代理的业主数已达上限",
    "proxy_not_written": "委托须有书面委托书，请先上传",
    "proxy_to_oneself": "本人即可投票，无须委托",
    "proxy_holder_unknown": "没有找到受托人",
}
LENDABLE = (procedure.State.DRAFT, procedure.State.NOTICED, procedure.State.OPEN)
"""Where a proxy can still be given or taken back."""


@dataclass(frozen=True)
class Given:
    """A proxy as its owner sees it."""

    vote_id: str
    group: str
    holder_id: str
    document: str
    given_at: datetime
    is_withdrawn: bool
    legal_notice: str


@dataclass(frozen=True)
class Mandate:
    """Whom an owner trusts: the person's id, and the scan of the signed document."""

    holder_id: str
    document: str
    document_sha256: str


def give(caller: Caller, vote_id: str, group: str, mandate: Mandate) -> Given:
    """Give a group's voice to somebody; one whom it had before has it no more.

    Raises Forbidden `ballot_not_yours`; Unprocessable with a code of `MESSAGES`.
    """
    desk = _desk(caller, vote_id, group, mandate.holder_id)
    _check(caller, desk, mandate)
    proxy = desk.proxy or ProxyRow(vote_key=desk.vote.vote_key, group=group)
    gone = _gone(desk.vote.vote_key, proxy, group, mandate.holder_id)
    proxy.holder_id, proxy.is_withdrawn = mandate.holder_id, False
    proxy.document, proxy.document_sha256 = mandate.document, mandate.document_sha256
    proxy.given_by, proxy.given_at = caller.subject_id, clock.epoch_ms(clock.now())
    desk.holder.groups = sorted({*desk.holder.groups, group})
    answer = _view(desk.vote, proxy)
    outbox.commit(proxy, desk.holder, *gone, events=(_event(caller, answer),), answer=answer)
    return answer


def withdraw(caller: Caller, vote_id: str, group: str) -> Given:
    """Take a group's voice back; a ballot that was cast by it stands until one's own.

    Raises NotFound `no_such_proxy`, Forbidden `ballot_not_yours`.
    """
    desk = _desk(caller, vote_id, group, "-")
    proxy = desk.proxy
    if proxy is None or proxy.is_withdrawn:
        raise NotFound("no_such_proxy", "本户没有有效的委托")
    gone = _gone(desk.vote.vote_key, proxy, group, "")
    proxy.is_withdrawn = True
    answer = _view(desk.vote, proxy)
    outbox.commit(proxy, *gone, events=(_event(caller, answer),), answer=answer)
    return answer


@dataclass(frozen=True)
class _Desk:
    vote: VoteRow
    line: RollLine
    proxy: ProxyRow | None
    holder: HolderRow


def _desk(caller: Caller, vote_id: str, group: str, holder_id: str) -> _Desk:
    key = vote_key(caller.community_id, vote_id)
    vote, line, proxy, holder = at_once(
        Wish(VoteRow, caller.community_id, vote_id),
        Wish(RollLine, key, group),
        Wish(ProxyRow, key, group),
        Wish(HolderRow, key, holder_id),
    )
    if vote is None:
        raise casting.no_such_vote()
    if line is None:
        raise casting.no_such_group()
    if not line.may_cast(caller.subject_id):
        raise Forbidden("ballot_not_yours", "您不是该户的投票人")
    if vote.stands() not in LENDABLE or clock.epoch_ms(clock.now()) >= vote.closes_at:
        raise placing.refusal("vote_closed")
    return _Desk(vote, line, proxy, holder or HolderRow(vote_key=key, holder_id=holder_id))


def _check(caller: Caller, desk: _Desk, mandate: Mandate) -> None:
    if desk.line.may_cast(mandate.holder_id):
        raise _refusal("proxy_to_oneself")
    if not identity.units_of(caller.community_id, mandate.holder_id):
        raise _refusal("proxy_holder_unknown")
    folder = f"{caller.community_id}/votes/{desk.vote.vote_id}/{caller.subject_id}/"
    is_written = mandate.document.startswith(folder) and archive.is_there(mandate.document)
    already = len(set(desk.holder.groups) - {desk.line.group})
    cap = int(_more(desk.vote).get("proxy_cap", procedure.DEFAULT.proxy_cap))
    limits = procedure.Periods(proxy_cap=cap)
    if code := procedure.proxy_refusal(already, is_written=is_written, periods=limits):
        raise _refusal(code)


def _more(vote: VoteRow) -> dict[str, Any]:
    return dict((vote.terms or {}).get("more", {}))


def _gone(key: str, proxy: ProxyRow, group: str, holder_id: str) -> list[HolderRow]:
    """Return the row of whoever held the proxy until now, without it."""
    if proxy.holder_id in (None, holder_id) or proxy.is_withdrawn:
        return []
    before = HolderRow.find(key, proxy.holder_id)
    if before is None:
        return []
    before.groups = sorted({*before.groups} - {group})
    return [before]


def _refusal(code: str) -> Unprocessable:
    return Unprocessable(code, MESSAGES[code])


def _view(vote: VoteRow, proxy: ProxyRow) -> Given:
    return Given(
        vote_id=vote.vote_id,
        group=proxy.group,
        holder_id=proxy.holder_id,
        document=proxy.document,
        given_at=clock.from_epoch_ms(int(proxy.given_at)),
        is_withdrawn=bool(proxy.is_withdrawn),
        legal_notice=votes.legal_notice(vote),
    )


def _event(caller: Caller, given: Given) -> ProxyGiven:
    return ProxyGiven(
        caller.community_id, given.vote_id, given.group, given.holder_id, given.is_withdrawn
    )

"""Use cases of bids: what companies offer, with their documents, as the convener takes it down."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from chalicelib.assemblies.public import procedure
from chalicelib.core import archive, clock, cursor, ids, media, outbox
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Conflict, NotFound, Unprocessable
from chalicelib.nominations.public import nominations
from chalicelib.voting.service import slates
from chalicelib.voting.service.slates import Standing
from chalicelib.voting.tables.slates import Bid, Slate


@dataclass(frozen=True)
class DocumentWish:
    """A document of a bid as it was uploaded."""

    title: str
    key: str
    sha256: str


@dataclass(frozen=True)
class BidWish:
    """What a company offers: `fee` in fen per m² and month, for so many months."""

    company_id: str
    company: str
    fee: int
    months: int
    summary: str
    documents: Sequence[DocumentWish] = ()


@dataclass(frozen=True)
class Document:
    """A document that was found to hold what it says."""

    title: str
    key: str
    sha256: str
    bytes: int


@dataclass(frozen=True)
class BidView:
    """A bid as its convener sees it; owners see it with the notice."""

    bid_id: str
    slate_id: str
    company_id: str
    company: str
    fee: int
    months: int
    summary: str
    documents: list[dict[str, Any]]
    state: str
    reason: str
    entered_at: datetime


@dataclass(frozen=True)
class BidPage:
    """One page of bids, in the order in which they were entered."""

    items: list[BidView]
    next: str | None


def upload(
    caller: Caller, community_id: str | None, slate_id: str, said: tuple[str, int, str]
) -> media.Upload:
    """Return a place for a document (content type, bytes, sha256) that is kept with the vote.

    Raises NotFound `no_such_slate`, Unprocessable `slate_closed`, `slate_of_people`.
    """
    slate = _open(caller, community_id, slate_id)
    content_type, size, sha256 = said
    return archive.granted(_folder(slate), content_type, size, sha256)


def enter(caller: Caller, community_id: str | None, slate_id: str, wish: BidWish) -> BidView:
    """Take down a company's bid; each document is read, and must hash to what it says.

    Raises NotFound `no_such_slate`, Unprocessable `slate_closed`, `slate_of_people`,
    `document_not_uploaded`, `document_changed`, Conflict `bid_already` for a company of
    which a bid stands.
    """
    slate = _open(caller, community_id, slate_id)
    bid_id = ids.derived("bid", slate.community_id, slate_id, wish.company_id)
    row = Bid.find(slate.slate_key, bid_id) or Bid(slate_key=slate.slate_key, bid_id=bid_id)
    if row.state == Standing.STANDING:
        raise Conflict("bid_already", "该企业已有一份有效投标，请先撤回")
    row.community_id, row.slate_id = slate.community_id, slate_id
    row.company_id, row.company = wish.company_id, wish.company
    row.fee, row.months, row.summary = wish.fee, wish.months, wish.summary
    row.documents = [asdict(_read(slate, said)) for said in wish.documents]
    row.state, row.reason = Standing.STANDING.value, ""
    row.entered_by, row.entered_at = caller.subject_id, clock.epoch_ms(clock.now())
    shown = _view(row)
    outbox.commit(row, given=(slates.unput(slate),), answer=shown)
    return shown


def withdraw(
    caller: Caller, community_id: str | None, slate_id: str, bid_id: str, reason: str
) -> BidView:
    """Take a bid out, with the reason; possible until the vote is noticed.

    Raises NotFound `no_such_slate`, `no_such_bid`, Unprocessable `slate_closed`,
    `candidacy_not_standing`, `vote_of_another_convener`.
    """
    slate = slates.convened(caller, community_id, slate_id)
    row = Bid.find(slate.slate_key, bid_id)
    if row is None:
        raise no_such_bid()
    slates.require(nominations.change_refusal(slate.facts(), Standing(row.state)))
    row.state, row.reason = Standing.WITHDRAWN.value, reason
    shown = _view(row)
    outbox.commit(row, given=(slates.unput(slate),), answer=shown)
    return shown


def listed(
    caller: Caller,
    community_id: str | None,
    slate_id: str,
    *,
    limit: int,
    after: str | None,
) -> BidPage:
    """Return one page of the bids of a slate to who convenes; others see them noticed."""
    slate = slates.convened(caller, community_id, slate_id)
    rows, following = cursor.page(
        Bid.query, slate.slate_key, listing=f"bids/{slate.slate_key}", limit=limit, after=after
    )
    return BidPage([_view(row) for row in rows], following)


def standing(slate: Slate) -> list[Bid]:
    """Return every bid that stands, ordered by id."""
    rows = Bid.query(slate.slate_key, consistent_read=True)
    return [row for row in rows if row.state == Standing.STANDING]


def no_such_bid() -> NotFound:
    """Return the refusal of a bid that nobody made."""
    return NotFound("no_such_bid", "没有找到该投标")


def _open(caller: Caller, community_id: str | None, slate_id: str) -> Slate:
    slate = slates.convened(caller, community_id, slate_id)
    slates.require(nominations.bid_refusal(slate.facts(), procedure.day_of(clock.now())))
    return slate


def _folder(slate: Slate) -> str:
    return f"{slate.community_id}/votes/{slate.slate_id}"


def _read(slate: Slate, said: DocumentWish) -> Document:
    """Return a document as it is kept, having read it: its hash will be noticed."""
    if not said.key.startswith(f"{_folder(slate)}/{said.sha256}."):
        raise Unprocessable("document_not_uploaded", "请先上传该投标文件")
    if not archive.is_there(said.key):
        raise Unprocessable("document_not_uploaded", "请先上传该投标文件")
    content = archive.read(said.key)
    if hashlib.sha256(content).hexdigest() != said.sha256:
        raise Unprocessable("document_changed", "投标文件与其校验值不一致，请重新上传")
    return Document(said.title, said.key, said.sha256, len(content))


def _view(row: Bid) -> BidView:
    return BidView(
        bid_id=row.bid_id,
        slate_id=row.slate_id,
        company_id=row.company_id,
        company=row.company,
        fee=int(row.fee),
        months=int(row.months),
        summary=row.summary,
        documents=[_shown(said) for said in row.documents],
        state=row.state,
        reason=row.reason,
        entered_at=clock.from_epoch_ms(int(row.entered_at)),
    )


def _shown(said: dict[str, Any]) -> dict[str, Any]:
    return {name: said[name] for name in ("title", "sha256", "bytes")}

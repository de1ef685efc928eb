"""What a ballot lets owners choose between: taken from a slate, and frozen at the notice."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from chalicelib.assemblies.public import procedure
from chalicelib.ballot_log.public import canon
from chalicelib.core import archive, clock, cursor
from chalicelib.core.errors import Conflict, NotFound, Unprocessable
from chalicelib.core.table import Row
from chalicelib.nominations.public import nominations
from chalicelib.voting.service import bids, candidacies, slates, votes
from chalicelib.voting.service.votes import State
from chalicelib.voting.tables.rolls import RollOwner
from chalicelib.voting.tables.slates import Bid, Candidacy, OptionRow, Slate
from chalicelib.voting.tables.votes import VoteRow

SHOWN_FOR = timedelta(minutes=10)
ELECTIONS = frozenset(nominations.NUMBER.values())
"""Items of article 278 that are elections when they have seats: 3 and 4."""


@dataclass(frozen=True)
class Source:
    """Where the candidates of an item come from; `more` is what its row remembers of it."""

    candidates: tuple[str, ...] = ()
    seats: int = 0
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class OptionView:
    """An option as it was noticed; `sha256` of it stands in the terms. A fee is in fen per m²."""

    option_id: str
    item_id: str
    name: str
    text: str
    company_id: str
    fee: int
    months: int
    documents: list[dict[str, Any]]
    sha256: str


@dataclass(frozen=True)
class OptionPage:
    """One page of the options of a vote, ordered by id."""

    items: list[OptionView]
    next: str | None
    legal_notice: str


@dataclass(frozen=True)
class DocumentLink:
    """Where a document can be had until then, and what it must hash to."""

    title: str
    url: str
    sha256: str
    bytes: int


@dataclass(frozen=True)
class Documents:
    """The documents of an option."""

    option_id: str
    items: list[DocumentLink]
    expires_at: datetime


def of_slate(vote: VoteRow, number: int, slate_id: str) -> Source:
    """Return who stands, or what was bid, for an item of a draft.

    Raises NotFound `no_such_slate`, Unprocessable `slate_number`, `slate_still_open`,
    `slate_put_already`, `candidates_too_few`, `candidates_too_many`.
    """
    slate = slates.found(vote.community_id, slate_id)
    facts, today = slate.facts(), procedure.day_of(clock.now())
    if number != nominations.NUMBER[facts.filling]:
        raise Unprocessable("slate_number", "该名单与所列表决事项不符")
    names = {option: name for option, name, _ in _standing(slate)}
    seats = int(slate.seats)
    slates.require(nominations.draft_refusal(facts, seats, len(names), today))
    more = {
        "slate_id": slate_id,
        "filling": slate.filling,
        "term_years": int(slate.term_years),
        "names": names,
        "seats_in_all": seats,
    }
    return Source(tuple(sorted(names)), seats, more)


def of_run_off(vote: VoteRow, number: int, first: tuple[str, str]) -> Source:
    """Return who tied for the seats that an earlier vote (vote, item) left.

    Raises NotFound `no_such_vote`, Unprocessable `no_run_off`.
    """
    before, said = tied_item(vote.community_id, *first)
    tied = nominations.run_off_of(result_of(before, first[1]))
    if tied is None or int(said["number"]) != number:
        raise Unprocessable("no_run_off", "该事项没有需要再次投票的并列候选人")
    names = {option: said["names"][option] for option in tied.candidates}
    more = {
        "run_off_of": {"vote_id": first[0], "item_id": first[1]},
        "root": said.get("root") or {"vote_id": first[0], "item_id": first[1]},
        "filling": said["filling"],
        "term_years": said["term_years"],
        "names": names,
        "seats_in_all": said["seats_in_all"],
        "before": [*said.get("before", ()), *tied.elected],
    }
    return Source(tuple(sorted(names)), tied.seats, more)


def tied_item(community_id: str, vote_id: str, item_id: str) -> tuple[VoteRow, dict[str, Any]]:
    """Return a published vote and its item; raises NotFound, Unprocessable `no_run_off`."""
    vote = votes.noticed(community_id, vote_id)
    item = next((said for said in vote.items if said["id"] == item_id), None)
    if item is None or "names" not in item or not vote.result:
        raise Unprocessable("no_run_off", "该事项没有需要再次投票的并列候选人")
    votes.require_state(vote, State.OBJECTION, State.FINAL)
    return vote, item


def result_of(vote: VoteRow, item_id: str) -> dict[str, Any]:
    """Return an election's published result, as the bylaws deem it."""
    results: Iterable[dict[str, Any]] = (vote.result or {})["results"]
    return dict(next(one["deemed"] for one in results if one["item"] == item_id))


def frozen(vote: VoteRow) -> list[Row]:
    """Return the rows that are committed with a notice, and put their hashes into the items.

    Raises Unprocessable `slate_changed`, `candidates_off_roll` with their ids,
    `run_off_too_early` while the result that it follows from is not final, Conflict
    `run_off_noticed`.
    """
    rows: list[Row] = []
    for said in vote.items:
        if "slate_id" in said:
            rows += _from_slate(vote, said)
        elif "run_off_of" in said:
            rows += _from_first_round(vote, said)
    return rows


def _from_slate(vote: VoteRow, said: dict[str, Any]) -> list[Row]:
    slate = slates.found(vote.community_id, said["slate_id"])
    if slate.vote_id is not None:
        slates.require("slate_put_already")
    found = _standing(slate)
    if {option: name for option, name, _ in found} != said["names"]:
        raise Unprocessable("slate_changed", "候选名单已变更，请重新保存表决草稿")
    people = {option: row.person_id for option, _, row in found if isinstance(row, Candidacy)}
    _require_on_roll(vote, people)
    rows = [_option(vote, said, option, row) for option, _, row in found]
    said["options"] = [_digest(row) for row in rows]
    slate.vote_id = vote.vote_id
    return [slate, *rows]


def _require_on_roll(vote: VoteRow, people: dict[str, str]) -> None:
    community_id, vote_id = vote.community_id, vote.vote_id
    there = [one for one in people.values() if RollOwner.lines(community_id, one, vote_id)]
    if missing := nominations.off_roll(people, there):
        raise Unprocessable(
            "candidates_off_roll",
            "有候选人不在业主名册中，请取消其资格后重新保存草稿",
            details={"candidates": missing},
        )


def _from_first_round(vote: VoteRow, said: dict[str, Any]) -> list[Row]:
    first_id, item_id = said["run_off_of"]["vote_id"], said["run_off_of"]["item_id"]
    first, item = tied_item(vote.community_id, first_id, item_id)
    if first.stands() is not State.FINAL:
        raise Unprocessable("run_off_too_early", "前次结果尚未最终确定，不能公告再次投票")
    if item.get("run_off"):
        raise Conflict("run_off_noticed", "该事项的再次投票已公告")
    item["run_off"] = vote.vote_id
    rows: list[OptionRow] = []
    for option in said["candidates"]:
        before = OptionRow.get(first.vote_key, option, consistent_read=True)
        copied = before.attribute_values | {"vote_key": vote.vote_key, "item_id": said["id"]}
        copied.pop("version")
        rows.append(OptionRow(**copied))
    said["options"] = [_digest(row) for row in rows]
    return [first, *rows]


def _standing(slate: Slate) -> list[tuple[str, str, Candidacy | Bid]]:
    """Return (option, name, row) of all that stands on a slate, ordered by option."""
    if slate.facts().filling is nominations.Filling.COMPANY:
        return [(row.bid_id, row.company, row) for row in bids.standing(slate)]
    return [(row.candidacy_id, row.name, row) for row in candidacies.standing(slate)]


def _option(vote: VoteRow, said: dict[str, Any], option: str, row: Candidacy | Bid) -> OptionRow:
    if isinstance(row, Candidacy):
        content: dict[str, Any] = {"name": row.name, "text": row.statement}
        person, kept = row.person_id, {}
    else:
        shown = [{key: one[key] for key in ("title", "sha256", "bytes")} for one in row.documents]
        content = {"name": row.company, "text": row.summary, "company_id": row.company_id}
        content |= {"fee": int(row.fee), "months": int(row.months), "documents": shown}
        person, kept = None, {one["sha256"]: one["key"] for one in row.documents}
    content["id"] = option
    return OptionRow(
        vote_key=vote.vote_key,
        option_id=option,
        community_id=vote.community_id,
        item_id=said["id"],
        content=content,
        sha256=hashlib.sha256(canon.canon(content)).hexdigest(),
        person_id=person,
        kept=kept,
    )


def _digest(row: OptionRow) -> dict[str, canon.Json]:
    return {"id": row.option_id, "name": str(row.content["name"]), "sha256": row.sha256}


def listed(vote: VoteRow, *, limit: int, after: str | None) -> OptionPage:
    """Return one page of the options of a noticed vote; one read."""
    rows, following = cursor.page(
        OptionRow.query,
        vote.vote_key,
        listing=f"options/{vote.vote_key}",
        limit=limit,
        after=after,
    )
    return OptionPage([_view(row) for row in rows], following, votes.legal_notice(vote))


def documents(vote: VoteRow, option_id: str) -> Documents:
    """Return where an option's documents can be read; raises NotFound `no_such_option`."""
    row = OptionRow.find(vote.vote_key, option_id)
    if row is None:
        raise NotFound("no_such_option", "没有找到该选项")
    items = [
        DocumentLink(
            said["title"],
            archive.shown(row.kept[said["sha256"]], SHOWN_FOR),
            said["sha256"],
            int(said["bytes"]),
        )
        for said in row.content.get("documents", ())
    ]
    return Documents(option_id, items, clock.now() + SHOWN_FOR)


def _view(row: OptionRow) -> OptionView:
    said = row.content
    return OptionView(
        option_id=row.option_id,
        item_id=row.item_id,
        name=said["name"],
        text=said["text"],
        company_id=said.get("company_id", ""),
        fee=int(said.get("fee", 0)),
        months=int(said.get("months", 0)),
        documents=list(said.get("documents", ())),
        sha256=row.sha256,
    )

"""The result of a vote as it is published: by area and heads, deemed and strict, with hashes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from chalicelib.assemblies.public import procedure
from chalicelib.core.auth import Caller
from chalicelib.core.errors import Unprocessable
from chalicelib.core.route import File
from chalicelib.voting.service import result_pages, votes
from chalicelib.voting.service.votes import Base, State
from chalicelib.voting.tables.votes import VoteRow


@dataclass(frozen=True)
class Tally:
    """What stands for one option of an item."""

    option: str
    area: int
    heads: int


@dataclass(frozen=True)
class ItemResult:
    """An item's result: as the bylaws deem the silent, and without them (`strict`)."""

    item: str
    number: int
    statute: str
    title: str
    tallies: list[Tally]
    deemed: dict[str, Any]
    strict: dict[str, Any]


@dataclass(frozen=True)
class Result:
    """A vote's result; areas in 0.01 m². `close` and `seal` are hashes of its published log.

    `roll` is who could take part, `cast` whose ballot stands, `silent` who received one and
    has none standing.
    """

    vote_id: str
    community_id: str
    title: str
    state: State
    legal_mode: str
    legal_notice: str
    deeming: str
    roll: Base
    cast: Base
    silent: Base
    items: list[ItemResult]
    entries: int
    close: str
    seal: str
    published_at: datetime
    object_until: date
    annulment: dict[str, str] | None


def for_resident(caller: Caller, vote_id: str) -> Result:
    """Return a result; raises NotFound `no_such_vote`, Unprocessable `result_not_published`."""
    return _of(votes.noticed(caller.community_id, vote_id))


def for_staff(caller: Caller, community_id: str | None, vote_id: str) -> Result:
    """Return a published result of an estate in sight; raises as `for_resident`."""
    return _of(votes.in_sight(caller, community_id, vote_id))


def sheet(result: Result) -> File:
    """Return a result's sheet as a PDF: the same result is the same bytes."""
    return File(f"result-{result.vote_id}.pdf", result_pages.drawn(_lines(result), _head(result)))


def _of(row: VoteRow) -> Result:
    shown = votes.view(row)
    if shown.result is None or shown.published_at is None or shown.object_until is None:
        raise Unprocessable("result_not_published", "该表决的结果尚未公布")
    said = shown.result
    verdicts = {one["item"]: one for one in said["results"]}
    return Result(
        vote_id=shown.vote_id,
        community_id=shown.community_id,
        title=shown.title,
        state=shown.state,
        legal_mode=shown.legal_mode,
        legal_notice=shown.legal_notice,
        deeming=shown.deeming,
        roll=_base(said["roll"]),
        cast=_base(said["cast"]),
        silent=_base(said["silent"]),
        items=[_item(one, said["totals"][one.id], verdicts[one.id]) for one in shown.items],
        entries=int(said["count"]),
        close=said["close"],
        seal=said["seal"],
        published_at=shown.published_at,
        object_until=shown.object_until,
        annulment=shown.annulment,
    )


def _base(said: Mapping[str, Any]) -> Base:
    return Base(int(said["area"]), int(said["heads"]))


def _item(
    matter: votes.Matter, totals: Mapping[str, Any], verdict: Mapping[str, Any]
) -> ItemResult:
    tallies = [
        Tally(option, int(sums["area"]), int(sums["heads"])) for option, sums in totals.items()
    ]
    return ItemResult(
        matter.id,
        matter.number,
        matter.statute,
        matter.title,
        tallies,
        dict(verdict["deemed"]),
        dict(verdict["strict"]),
    )


OPTIONS = {"YES": "同意", "NO": "反对", "ABSTAIN": "弃权", "INVALID": "无效"}
DECISIONS = {
    "PASS": "通过",
    "REJECTED": "未通过",
    "NO_QUORUM": "参与表决的面积或人数未达三分之二",
    "ELECTED": "当选",
    "RUN_OFF": "须另行选举",
    "INCOMPLETE": "席位未选满",
}
DEEMINGS = {
    "STRICT": "仅计收回的选票",
    "DELIVERED_PARTICIPATES": "已送达未返回的计入参与",
    "FOLLOW_MAJORITY": "已送达未返回的从多数",
}
STATES = {State.OBJECTION: "公示中", State.FINAL: "已生效", State.ANNULLED: "已撤销"}
PRINTED = 16
"""Digits of a hash that stand on paper (LAW.md 1.7.5)."""


def _head(result: Result) -> result_pages.Head:
    return result_pages.Head("业主大会表决结果", result.title, result.legal_notice)


def _lines(result: Result) -> list[str]:
    """Return what stands on the sheet, line by line; an empty one is a gap."""
    return [
        f"表决编号：{result.vote_id}    状态：{STATES[result.state]}",
        f"名册：{_weight(result.roll)}",
        f"参与表决：{_weight(result.cast)}",
        f"已送达未返回：{_weight(result.silent)}    视同规则：{DEEMINGS[result.deeming]}",
        *(line for item in result.items for line in _item_lines(item)),
        "",
        f"公布日期：{procedure.day_of(result.published_at)}    异议截止：{result.object_until}",
        f"表决日志：{result.entries} 条",
        f"日志封存值 H_close：{result.close[:PRINTED]}",
        f"结果封存值 seal：{result.seal[:PRINTED]}",
        "任何人可用随日志公布的 verify_vote.py 复核以上结果，并以 --seen 核对封存值。",
        *_annulled(result),
    ]


def _item_lines(item: ItemResult) -> list[str]:
    return [
        "",
        f"{item.title}（民法典第278条第{item.number}项：{item.statute}）",
        *(
            f"    {OPTIONS.get(one.option, one.option)}：{_weight(Base(one.area, one.heads))}"
            for one in item.tallies
        ),
        f"    结果：{_verdict(item.deemed)}",
        f"    不计视同的结果：{_verdict(item.strict)}",
    ]


def _verdict(said: Mapping[str, Any]) -> str:
    words = DECISIONS[said.get("decision") or said["status"]]
    took_part = Base(int(said["took_part"]["area"]), int(said["took_part"]["heads"]))
    names = "、".join(said.get("elected", ()))
    again = "、".join(said.get("run_off", ()))
    return "；".join(
        part
        for part in (
            words,
            f"参与{_weight(took_part)}",
            names and f"当选：{names}",
            again and f"另行选举：{again}",
        )
        if part
    )


def _annulled(result: Result) -> list[str]:
    if result.annulment is None:
        return []
    why = result.annulment
    return ["", f"本结果已被撤销：{why['reason']}（{why['document']}）"]


def _weight(weight: Base) -> str:
    whole, part = divmod(weight.area, 100)
    return f"{whole}.{part:02} 平方米，{weight.heads} 人"

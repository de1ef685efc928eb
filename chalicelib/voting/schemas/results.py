"""How everybody sees the published result of a vote."""

from datetime import date, datetime

from pydantic import ConfigDict, Field, JsonValue

from chalicelib.assemblies.public import procedure
from chalicelib.core.schema import Shown
from chalicelib.voting.rules import Deeming
from chalicelib.voting.schemas.ballots import NOTICE, SEAL
from chalicelib.voting.schemas.votes import BaseReply, StateSaid

BASE: dict[str, JsonValue] = {"area": 1640768, "heads": 157}
TALLY: dict[str, JsonValue] = {"option": "YES", "area": 1120000, "heads": 110}
PASSED: dict[str, JsonValue] = {
    "decision": "PASS",
    "took_part": BASE,
    "agreed": {"area": 1120000, "heads": 110},
}
ITEM: dict[str, JsonValue] = {
    "item": "i1",
    "number": 5,
    "statute": "使用建筑物及其附属设施的维修资金",
    "title": "3号楼电梯更换",
    "tallies": [TALLY],
    "deemed": PASSED,
    "strict": PASSED,
}
RESULT: dict[str, JsonValue] = {
    "vote_id": "vote_01JCZ5",
    "community_id": "heyuan",
    "title": "2026年第一次业主大会",
    "state": "OBJECTION",
    "legal_mode": "CONSULTATIVE",
    "legal_notice": NOTICE,
    "deeming": "STRICT",
    "roll": BASE,
    "cast": BASE,
    "silent": {"area": 0, "heads": 0},
    "items": [ITEM],
    "entries": 161,
    "close": SEAL,
    "seal": SEAL,
    "published_at": "2026-12-24T00:01:00Z",
    "object_until": "2027-01-08",
    "annulment": None,
}


class TallyReply(Shown):
    """What stands for one option: `YES`, `NO`, `ABSTAIN`, `INVALID`, or a candidate."""

    model_config = ConfigDict(json_schema_extra={"examples": [TALLY]})

    option: str
    area: int
    heads: int


class ItemResultReply(Shown):
    """An item's result, `deemed` as the bylaws say of the silent, `strict` without them.

    A decision is {decision, took_part, agreed}; an election is {status, elected, run_off,
    run_off_seats, vacant, took_part}.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [ITEM]})

    item: str
    number: int
    statute: str
    title: str
    tallies: list[TallyReply]
    deemed: dict[str, JsonValue]
    strict: dict[str, JsonValue]


class ResultReply(Shown):
    """A published result. `legal_notice` must stand on every page that shows any of it."""

    model_config = ConfigDict(json_schema_extra={"examples": [RESULT]})

    vote_id: str
    community_id: str
    title: str
    state: StateSaid
    legal_mode: procedure.LegalMode
    legal_notice: str
    deeming: Deeming
    roll: BaseReply
    cast: BaseReply = Field(description="whose ballots stand")
    silent: BaseReply = Field(description="who received a ballot, and has none standing")
    items: list[ItemResultReply]
    entries: int = Field(description="of the published log")
    close: str = Field(description="H_close; its first 16 digits are on the printed notice")
    seal: str
    published_at: datetime
    object_until: date
    annulment: dict[str, str] | None

"""What people see of a vote's roll, and of how its ballots reached them."""

from datetime import date, datetime

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from chalicelib.assemblies.public import procedure
from chalicelib.core.schema import Asked, Identifier, Page, Shown, Text
from chalicelib.voting.schemas.votes import NOTICE

LINE: JsonDict = {
    "group": "heyuan-1-101",
    "rooms": ["1号楼1单元101"],
    "units": ["heyuan-1-101"],
    "area": 8937,
    "is_disputed": False,
    "head": 1,
}
ROOT = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


class FaultReply(Shown):
    """A unit that no roll can have, or an empty one and what is wrong with the whole."""

    unit_id: str = Field(examples=["heyuan-1-101"])
    room: str = Field(examples=["1号楼1单元101"])
    code: str = Field(examples=["unit_without_area"])


class RollReply(Shown):
    """A roll and how far it is: areas in 0.01 m²."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "roll_id": "vote_01JCZ5",
                    "state": "FROZEN",
                    "record_on": "2026-11-20",
                    "root": ROOT,
                    "area": 1640768,
                    "heads": 157,
                    "units": 160,
                    "faults": [],
                }
            ]
        }
    )

    roll_id: str
    state: str
    record_on: date | None
    root: str | None
    area: int
    heads: int
    units: int
    faults: list[FaultReply]


class LineReply(Shown):
    """A line of the published roll: rooms, area in 0.01 m², one head, and no name."""

    model_config = ConfigDict(json_schema_extra={"examples": [LINE]})

    group: str
    rooms: list[str]
    units: list[str]
    area: int
    is_disputed: bool
    head: int


class LinesReply(Page[LineReply]):
    """One page of the published roll, ordered by group; `roll_root` binds all of it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"items": [LINE], "next": None, "roll_root": ROOT, "legal_notice": NOTICE}]
        }
    )

    roll_root: str | None
    legal_notice: str


class OwnLineReply(Shown):
    """A line that is the caller's, and whether it is for them to cast its ballot."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "line": LINE,
                    "may_cast": True,
                    "owners": 2,
                    "named_by_me": None,
                    "is_named": False,
                }
            ]
        }
    )

    line: LineReply
    may_cast: bool
    owners: int
    named_by_me: str | None
    is_named: bool = Field(description="all owners have named the same voter")


class OwnLinesReply(Shown):
    """The caller's lines as they stood at the record date; a later sale changes nothing."""

    vote_id: str = Field(examples=["vote_01JCZ5"])
    items: list[OwnLineReply]
    roll_root: str | None
    legal_notice: str


class NamingAsked(Asked):
    """Which of the owners is to cast the ballot."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"person_id": "per_01JCZ5"}]})

    person_id: Identifier


class DeliveryAsked(Asked):
    """How a ballot reached a unit; a signature comes with the hash of its scan."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"unit_id": "heyuan-1-101", "kind": "SIGNED", "evidence_sha256": ROOT},
            ]
        }
    )

    community_id: Identifier | None = None
    unit_id: Identifier
    kind: procedure.Delivery
    evidence_sha256: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")
    note: Text = Field(default="", max_length=300)


class ProofReply(Shown):
    """One proof; an SMS that was sent, or a tenant's signature, is none where silence counts."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "unit_id": "heyuan-1-101",
                    "kind": "SIGNED",
                    "is_effective": True,
                    "evidence_sha256": ROOT,
                    "at": "2026-11-22T10:00:00+08:00",
                }
            ]
        }
    )

    unit_id: str
    kind: procedure.Delivery
    is_effective: bool
    evidence_sha256: str
    at: datetime


class UnitDeliveryReply(Shown):
    """A unit of the roll, and what there is to show that its ballot reached it."""

    unit_id: str = Field(examples=["heyuan-1-101"])
    room: str = Field(examples=["1号楼1单元101"])
    kinds: list[procedure.Delivery]
    is_delivered: bool


class DeliveriesReply(Page[UnitDeliveryReply]):
    """One page of the roll's units, ordered by id."""


class OpenedReply(Shown):
    """The units for which it is on record that an owner opened the vote."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "vote_id": "vote_01JCZ5",
                    "unit_ids": ["heyuan-1-101"],
                    "legal_notice": NOTICE,
                }
            ]
        }
    )

    vote_id: str
    unit_ids: list[str]
    legal_notice: str

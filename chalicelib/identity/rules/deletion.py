"""What contract and law make us keep when somebody asks to be forgotten (PIPL 13(2), 47)."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Ground(StrEnum):
    """Why something of a person stays after they asked for its deletion."""

    STILL_OWNER = "still_owner"
    STILL_EMPLOYED = "still_employed"
    RECORD = "record"


CONTRACTS = (Ground.STILL_OWNER, Ground.STILL_EMPLOYED)
"""While one of these lasts the company must know whom it serves, or who works for it."""

MESSAGES = {
    Ground.STILL_OWNER: "您仍登记为业主，姓名和手机号因物业服务合同保留，房屋转出后即删除",
    Ground.STILL_EMPLOYED: "您仍在本小区任职，姓名和手机号因任职保留",
    Ground.RECORD: "法律要求留存的记录，不含姓名和联系方式",
}


@dataclass(frozen=True)
class Kept:
    """One thing that stays, on what ground, in words for the person."""

    what: str
    ground: Ground
    message: str


OF_CONTRACT = {
    Ground.STILL_OWNER: ("name", "phone", "homes"),
    Ground.STILL_EMPLOYED: ("name", "phone", "posts"),
}
RECORDS = ("consents", "views", "deletion")
"""Consents and looks for three years (LAW.md 3.2), and that a deletion was asked for."""


def kept(grounds: Iterable[str]) -> list[Kept]:
    """Return what stays of somebody whose deletion met these grounds; records always do."""
    held = [(what, Ground(ground)) for ground in grounds for what in OF_CONTRACT[Ground(ground)]]
    held += [(what, Ground.RECORD) for what in RECORDS]
    return [Kept(what, ground, MESSAGES[ground]) for what, ground in held]

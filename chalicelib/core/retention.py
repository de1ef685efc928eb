"""How long what names people is kept: the one table (LAW.md 3.2), for every domain.

A row carries its end as TTL. DynamoDB deletes late, so queries leave out what is over:
`Row.find` does, and lists filter by `expires`.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final


class Kept(StrEnum):
    """Kinds of data with a retention of their own."""

    PASSAGE = "passage"
    STILL = "still"
    VIEW_LOG = "view_log"
    CONSENT = "consent"
    SHARING = "sharing"
    ADMIN_ACT = "admin_act"
    HOMELESS = "homeless"
    CANDIDACY = "candidacy"
    OPINION = "opinion"
    PARTICIPATION = "participation"
    CREDENTIAL = "credential"
    RING_BLOCK = "ring_block"


DAYS: Final[Mapping[Kept, int]] = {
    Kept.PASSAGE: 90,
    Kept.STILL: 30,
    Kept.VIEW_LOG: 3 * 366,
    Kept.CONSENT: 3 * 366,
    Kept.SHARING: 3 * 366,
    Kept.ADMIN_ACT: 3 * 366,
    Kept.HOMELESS: 90,
    Kept.CANDIDACY: 6 * 366,
    Kept.OPINION: 366,
    Kept.PARTICIPATION: 2,
    Kept.CREDENTIAL: 3 * 366,
    Kept.RING_BLOCK: 366,
}
"""Days since it was made, or since what it records ended (consent, sharing: 个人信息保护法 55, 56;
of a withdrawn credential the receipts of the devices stay, as the consent's record does).

Who has no home in an estate is forgotten after a quarter (个人信息保护法 47(1)): time to settle
accounts, or for a newcomer to find a flat. Whoever has claims keeps what they need of them.

Who stood for the committee is kept as long as the vote is (five years after its end). Answers to a
survey, which name nobody, end a year after it; that somebody answered, when it has been counted.

Kinds that nothing keeps yet (visitors, elder care, vouchers) come with their domain;
DynamoDB itself forgets its backups after 35 days.
"""


def kept_until(kind: Kept, at: datetime) -> int:
    """Return the end in epoch seconds of what was made, or ended, at an instant."""
    return int((at + timedelta(days=DAYS[kind])).timestamp())


def in_time(expires: float | None, at: datetime) -> bool:
    """Return whether a row is still within its retention at an instant."""
    return expires is None or expires > at.timestamp()

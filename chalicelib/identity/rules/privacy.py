"""Privacy: who sees how much of a person, how long things are kept, what an export is.

Retention is LAW.md 3.2; masking by role is LAW.md 3.3.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from enum import StrEnum


class Kept(StrEnum):
    """Kinds of data with a retention of their own."""

    PASSAGE = "passage"
    VISITOR = "visitor"
    STILL = "still"
    VIDEO = "video"
    FACE_TEMPLATE = "face_template"
    ELDER_SENSOR = "elder_sensor"
    ELDER_ALARM = "elder_alarm"
    SECURITY_LOG = "security_log"
    VIEW_LOG = "view_log"
    CONSENT = "consent"
    SHARING = "sharing"
    VOUCHER = "voucher"
    INVOICE = "invoice"
    VOTE = "vote"
    BACKUP = "backup"


@dataclass(frozen=True)
class Retention:
    """How long a kind of data is kept after it was made, or after what it records has ended."""

    days: int
    from_end: bool
    basis: str


RETENTION: Mapping[Kept, Retention] = {
    Kept.PASSAGE: Retention(90, from_end=False, basis="gate and lift events naming a person"),
    Kept.VISITOR: Retention(90, from_end=False, basis="visitor record, plate"),
    Kept.STILL: Retention(30, from_end=False, basis="event stills"),
    Kept.VIDEO: Retention(30, from_end=False, basis="公共安全视频图像信息系统管理条例 17"),
    Kept.FACE_TEMPLATE: Retention(1, from_end=True, basis="after withdrawal or move-out"),
    Kept.ELDER_SENSOR: Retention(30, from_end=False, basis="raw sensor values"),
    Kept.ELDER_ALARM: Retention(366, from_end=False, basis="alarms of elder care"),
    Kept.SECURITY_LOG: Retention(180, from_end=False, basis="网络安全法 23(3)"),
    Kept.VIEW_LOG: Retention(3 * 366, from_end=False, basis="staff-view log"),
    Kept.CONSENT: Retention(3 * 366, from_end=True, basis="个人信息保护法 55-56"),
    Kept.SHARING: Retention(3 * 366, from_end=True, basis="个人信息保护法 55-56"),
    Kept.VOUCHER: Retention(30 * 366, from_end=False, basis="会计档案管理办法"),
    Kept.INVOICE: Retention(5 * 366, from_end=False, basis="发票管理办法"),
    Kept.VOTE: Retention(5 * 366, from_end=True, basis="rolls, logs, openings"),
    Kept.BACKUP: Retention(35, from_end=False, basis="deletions are replayed on restore"),
}


def kept_until(kind: Kept, at: datetime) -> int:
    """Return the end in epoch seconds (a row's TTL) of what was made, or ended, at an instant.

    TTL deletes late: every query also leaves out what is past this.
    """
    return int((at + timedelta(days=RETENTION[kind].days)).timestamp())


def in_time(expires: float | None, at: datetime) -> bool:
    """Return whether a row is still within its retention at an instant."""
    return expires is None or expires > at.timestamp()


# -- masking ---------------------------------------------------------------------------------


class Sight(StrEnum):
    """How much of a field is shown."""

    FULL = "full"
    MASKED = "masked"
    HIDDEN = "hidden"


class Reason(StrEnum):
    """Why staff may look at a resident; each comes with a ticket."""

    REPAIR = "repair"
    COMPLAINT = "complaint"
    BILLING = "billing"
    BINDING = "binding"
    EMERGENCY = "emergency"
    CARE = "care"


FIELDS = ("name", "phone", "id_number", "units")

SIGHT: Mapping[str, Mapping[str, Sight]] = {
    "property_manager": {
        "name": Sight.FULL,
        "phone": Sight.MASKED,
        "id_number": Sight.MASKED,
        "units": Sight.FULL,
    },
    "property_clerk": {"name": Sight.FULL, "phone": Sight.MASKED, "units": Sight.FULL},
    "guard": {"name": Sight.MASKED, "units": Sight.FULL},
}
"""Role × field; what is not written here is hidden."""

SEES_CHILDREN = frozenset({"property_manager"})
"""Who may see a child's data: each view is the manager's own (LAW.md P6)."""

_ORDER = (Sight.FULL, Sight.MASKED, Sight.HIDDEN)


def sight(roles: Iterable[str], field: str) -> Sight:
    """Return how much of a field these roles see together."""
    seen = [SIGHT.get(role, {}).get(field, Sight.HIDDEN) for role in roles]
    return min(seen, key=_ORDER.index, default=Sight.HIDDEN)


def masked(field: str, text: str) -> str:
    """Return a text with its middle hidden: 138****1234, 张**, 33**************3X."""
    if field == "name":
        return text[:1] + "*" * max(1, len(text) - 1)
    if field == "phone":
        return _middle(text, 3, 4)
    return _middle(text, 2, 2)


def _middle(text: str, first: int, last: int) -> str:
    """Hide all but both ends; a text too short for that is hidden whole."""
    if len(text) < first + last + 2:
        return "*" * len(text)
    return text[:first] + "*" * (len(text) - first - last) + text[-last:]


# -- export and deletion ---------------------------------------------------------------------

_CHINA = timezone(timedelta(hours=8))
WORKING_DAYS = 15
"""A deletion is finished within so many working days (PIPL 50; LAW.md P7)."""

_FORMULA = re.compile(r"^[\s\x00]*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")


def cell(value: object) -> str:
    """Return a CSV cell that no spreadsheet runs: formulas get a quote (SECURITY.md 22)."""
    text = "" if value is None else str(value)
    return f"'{text}" if _FORMULA.match(text) else text


def as_csv(rows: Sequence[Mapping[str, object]]) -> str:
    """Return rows of one kind as CSV (RFC 4180) with a heading line; empty for no rows."""
    if not rows:
        return ""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(list(rows[0]))
    writer.writerows([[cell(value) for value in row.values()] for row in rows])
    return written.getvalue()


def due(asked: datetime) -> datetime:
    """Return the end of the fifteenth working day of China: weekends are left out.

    Public holidays would only move it later; we promise the earlier day.
    """
    left, day = WORKING_DAYS, asked.astimezone(_CHINA)
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < 5  # noqa: PLR2004 -- Monday to Friday
    return day

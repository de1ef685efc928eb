"""Pure rules of titles: what the register says of a flat beyond who lives in it."""

import re
from enum import StrEnum
from typing import Final


class Holding(StrEnum):
    """How a flat is held: sold and delivered, sold but not delivered yet, or not sold."""

    OWNED = "OWNED"
    UNDELIVERED = "UNDELIVERED"
    UNSOLD = "UNSOLD"


class AreaSource(StrEnum):
    """Where a flat's area is read off (司法解释 8): register, survey, contract of sale."""

    REGISTER = "REGISTER"
    SURVEY = "SURVEY"
    CONTRACT = "CONTRACT"


MOST_TITLES = 40
"""Titles that are entered at a time, in one transaction."""

_COMPANY = re.compile(r"[0-9A-HJ-NPQRTUWXY]{18}")


def title_refusal(holding: Holding, company_id: str) -> str | None:
    """Return why a title cannot be entered, or None: whose a flat is before delivery is named."""
    if company_id and not _COMPANY.fullmatch(company_id):
        return "company_id_invalid"
    if holding is not Holding.OWNED and not company_id:
        return "developer_required"
    return None


REFUSALS: Final = {
    "company_id_invalid": "统一社会信用代码格式不正确",
    "developer_required": "未售或未交付的房屋须填写建设单位",
}
"""What the codes say to people."""

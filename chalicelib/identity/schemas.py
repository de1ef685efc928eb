"""What people see of themselves and their estate."""

from pydantic import Field

from chalicelib.core.schema import Shown


class MeReply(Shown):
    """The caller, their roles, and the flats that they speak for."""

    subject_id: str
    community_id: str
    audience: str
    roles: list[str] = Field(examples=[["resident"]])
    unit_ids: list[str]


class CommunityReply(Shown):
    """An estate."""

    community_id: str
    name: str = Field(examples=["和苑"])
    zone: str = Field(examples=["Asia/Shanghai"])

"""What people see of themselves and their estate."""

from pydantic import ConfigDict, Field

from chalicelib.core.schema import Shown


class MeReply(Shown):
    """The caller, their roles, and the flats that they speak for."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "subject_id": "person-lin",
                    "community_id": "heyuan",
                    "audience": "resident",
                    "roles": ["resident"],
                    "unit_ids": ["heyuan-1-101"],
                }
            ]
        }
    )

    subject_id: str
    community_id: str
    audience: str
    roles: list[str] = Field(examples=[["resident"]])
    unit_ids: list[str]


class CommunityReply(Shown):
    """An estate."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"community_id": "heyuan", "name": "和苑", "zone": "Asia/Shanghai"}]
        }
    )

    community_id: str
    name: str = Field(examples=["和苑"])
    zone: str = Field(examples=["Asia/Shanghai"])

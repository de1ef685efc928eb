"""What is on file of an estate's rules of procedure."""

from datetime import datetime

from pydantic import ConfigDict, Field

from chalicelib.assemblies.public import procedure
from chalicelib.core.schema import Asked, Identifier, Shown, Text
from chalicelib.voting.rules import Deeming
from chalicelib.voting.schemas.votes import NOTICE


class PeriodsAsked(Asked):
    """Days and limits that differ from the defaults."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"objection": 15}]})

    notice: int | None = Field(default=None, ge=1, le=60)
    roll: int | None = Field(default=None, ge=1, le=60)
    shortest_window: int | None = Field(default=None, ge=1, le=60)
    longest_window: int | None = Field(default=None, ge=1, le=180)
    publication: int | None = Field(default=None, ge=1, le=30)
    objection: int | None = Field(default=None, ge=1, le=90)
    proxy_cap: int | None = Field(default=None, ge=0, le=50)
    least_seats: int | None = Field(default=None, ge=1, le=31)
    longest_term_years: int | None = Field(default=None, ge=1, le=10)
    kept_years: int | None = Field(default=None, ge=5, le=50)


class BylawsAsked(Asked):
    """What an estate's rules of procedure, and its city, fix; what is not said is the default."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "community_id": "heyuan",
                    "legal_mode": "SELF_HOSTED",
                    "periods": {"objection": 15},
                    "citation": "和苑业主大会议事规则（2024）第12条",
                }
            ]
        }
    )

    community_id: Identifier | None = None
    legal_mode: procedure.LegalMode = procedure.LegalMode.CONSULTATIVE
    periods: PeriodsAsked = Field(default_factory=PeriodsAsked)
    deeming: list[Deeming] = Field(default_factory=list, max_length=3)
    clause: Text = Field(default="", max_length=2_000)
    named_allowed: bool = False
    invalid_participates: bool = False
    convening_by: str = Field(default="HEADS", pattern=r"^(HEADS|AREA)$")
    citation: Text = Field(default="", max_length=300)


class BylawsReply(Shown):
    """What is on file of an estate."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "community_id": "heyuan",
                    "legal_mode": "CONSULTATIVE",
                    "legal_notice": NOTICE,
                    "periods": {"notice": 16, "objection": 15},
                    "deeming": [],
                    "clause": "",
                    "named_allowed": False,
                    "invalid_participates": False,
                    "convening_by": "HEADS",
                    "citation": "物业管理条例 12, 14, 16",
                    "set_at": None,
                }
            ]
        }
    )

    community_id: str
    legal_mode: procedure.LegalMode
    legal_notice: str
    periods: dict[str, int]
    deeming: list[Deeming]
    clause: str
    named_allowed: bool
    invalid_participates: bool
    convening_by: str
    citation: str
    set_at: datetime | None

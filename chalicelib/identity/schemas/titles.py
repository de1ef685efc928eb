"""What is asked to enter the titles of flats, and what is answered."""

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from chalicelib.core.schema import Asked, Identifier, Shown, Text
from chalicelib.identity.rules.organisation import MOST_AREA
from chalicelib.identity.rules.titles import MOST_TITLES, AreaSource, Holding

TITLE: JsonDict = {
    "unit_id": "heyuan-1-101",
    "holding": "UNSOLD",
    "areas": [{"source": "SURVEY", "area": 8937}],
    "company_id": "91330100MA27W0XK0P",
    "company": "和平置业有限公司",
}


class AreaSaid(Asked):
    """An area in 0.01 m² and what it was read off."""

    source: AreaSource = Field(examples=["SURVEY"])
    area: int = Field(gt=0, le=MOST_AREA, examples=[8937])


class TitleAsked(Asked):
    """What the register says of one flat."""

    model_config = ConfigDict(json_schema_extra={"examples": [TITLE]})

    unit_id: Identifier
    holding: Holding = Holding.OWNED
    areas: list[AreaSaid] = Field(default_factory=list, max_length=3)
    company_id: str = Field(
        default="", max_length=18, description="of the company that owns it, or of the developer"
    )
    company: Text = Field(default="", max_length=80)
    representative: str = Field(default="", max_length=64, description="who signs for the company")
    is_parking: bool = False
    is_disputed: bool = False


class TitlesAsked(Asked):
    """The titles of several flats, entered together or not at all."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"units": [TITLE]}]})

    community_id: Identifier | None = Field(default=None, description="officers name the estate")
    units: list[TitleAsked] = Field(min_length=1, max_length=MOST_TITLES)


class TitlesReply(Shown):
    """The flats whose titles were entered."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"community_id": "heyuan", "unit_ids": ["heyuan-1-101"]}]}
    )

    community_id: str
    unit_ids: list[str]

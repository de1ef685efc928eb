"""What people see of the organisation tree, and what is asked to change it."""

from pydantic import ConfigDict, Field

from chalicelib.core.schema import Asked, Page, Paging, Shown, Text
from chalicelib.identity.rules.organisation import MOST_AREA, Level
from chalicelib.identity.rules.sheets import ImportState

_PATH = Field(max_length=600, pattern=r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$")
MOST_BASE64 = 5_600_000


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


class BelowReply(Shown):
    """A node, or a flat, under another one."""

    node_id: str
    level: Level
    name: str = Field(examples=["1号楼"])
    path: str = Field(description="ids of the ancestors from the county down, and its own")


class TreePage(Page[BelowReply]):
    """One page of what stands under a node."""


class TreeQuery(Paging):
    """Which node's children; without `under`, those of the caller's own node."""

    under: str | None = Field(
        default=None, max_length=600, pattern=r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$"
    )


class NodeAsked(Asked):
    """A street or a neighbourhood under a node, or an estate under a neighbourhood."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"level": "street", "name": "和平街道", "parent": "binjiang"}]
        }
    )

    level: Level
    name: Text = Field(min_length=1, max_length=60)
    parent: str = _PATH


class NodeReply(Shown):
    """The path of the node that was made."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"path": "binjiang/heping"}]})

    path: str


class UnitAsked(Asked):
    """A flat; `area` in 0.01 m²."""

    building: Text = Field(min_length=1, max_length=60, examples=["1号楼"])
    entrance: Text = Field(default="", max_length=60, examples=["1单元"])
    room: Text = Field(min_length=1, max_length=60, examples=["101"])
    area: int = Field(gt=0, le=MOST_AREA, examples=[8937])


class UnitReply(Shown):
    """A flat; `area` in 0.01 m²."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "unit_id": "heyuan-1-101",
                    "name": "1号楼101室",
                    "path": "binjiang/heping/heping-1/heyuan/bld_1/ent_1/heyuan-1-101",
                    "building": "1号楼",
                    "entrance": "1单元",
                    "room": "101",
                    "area": 8937,
                }
            ]
        }
    )

    unit_id: str
    name: str
    path: str | None
    building: str | None
    entrance: str | None
    room: str | None
    area: int | None


class ImportAsked(Asked):
    """The sheets of an estate, XLSX or CSV, in base64; `residents` may come later."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"rooms": "5qW85Y+3LOWNleWFgyzmiL/lj7cs6Z2i56evCg==", "residents": ""}]
        }
    )

    rooms: str = Field(default="", max_length=MOST_BASE64)
    residents: str = Field(default="", max_length=MOST_BASE64)


class ProblemReply(Shown):
    """One bad cell."""

    sheet: str = Field(examples=["rooms"])
    line: int = Field(description="as the spreadsheet counts; the heading is 1")
    column: str = Field(examples=["area"])
    code: str = Field(examples=["area_not_positive"])


class ImportReply(Shown):
    """An import: how far it is; a check lists every bad cell."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "import_id": "imp_01JCZ5",
                    "state": "RUNNING",
                    "rooms": 5000,
                    "residents": 12000,
                    "problems": [],
                    "bad": 0,
                    "written": 40,
                }
            ]
        }
    )

    import_id: str = Field(description="empty for a check")
    state: ImportState
    rooms: int
    residents: int
    problems: list[ProblemReply] = Field(description="the first thousand")
    bad: int = Field(description="how many bad cells there are")
    written: int = Field(ge=0, le=100, description="share of the work done, in percent")

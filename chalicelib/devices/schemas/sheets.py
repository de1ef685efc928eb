"""What staff send and see when they enrol many devices at once."""

from pydantic import ConfigDict, Field, JsonValue

from chalicelib.core.schema import Asked, Shown
from chalicelib.devices.schemas.registry import MOST_SHEET

_BAD: dict[str, JsonValue] = {
    "sheet": "devices",
    "line": 3,
    "column": "kind",
    "code": "unknown_kind",
}
_MADE: dict[str, JsonValue] = {
    "line": 2,
    "device_id": "dev_01M7ZG540BFJN7A0SYZT0C9YBX",
    "kind": "smoke_sensor",
    "name": "1号楼1单元烟感",
    "serial": "SM-0001",
    "key_id": "k1",
    "key": "bm90IGEga2V5LCBidXQgYXMgbG9uZyBhcyBhIGtleQ==",
}


class SheetAsked(Asked):
    """A sheet of at most 500 devices, CSV or XLSX, in base64.

    Its columns, by either name: kind 类型, name 名称; and any of place 位置编号, new_place 新位置
    (是 founds the place), building 楼栋, entrance 单元, room 房号, vendor 厂商, model 型号, serial
    序列号, firmware 固件版本, warranty 保修至, gateway 网关 (a gateway's id or serial number, also
    of the same sheet).
    """

    model_config = ConfigDict(json_schema_extra={"examples": [{"sheet": "57G75Z6LLOWQjeensAo="}]})

    sheet: str = Field(min_length=1, max_length=MOST_SHEET, examples=["57G75Z6LLOWQjeensAo="])


class BadCell(Shown):
    """One bad cell."""

    model_config = ConfigDict(json_schema_extra={"examples": [_BAD]})

    sheet: str
    line: int = Field(description="as the spreadsheet counts; the heading is 1")
    column: str
    code: str


class EnrolledLine(Shown):
    """A device that a line of the sheet became, and its key: shown now and never again."""

    model_config = ConfigDict(json_schema_extra={"examples": [_MADE]})

    line: int
    device_id: str
    kind: str
    name: str
    serial: str
    key_id: str
    key: str


class SheetReply(Shown):
    """What became of a sheet; a check lists every bad cell and enrols nothing."""

    lines: int
    problems: list[BadCell]
    items: list[EnrolledLine]

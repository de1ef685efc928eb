"""What staff ask and see of what a device reported."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from chalicelib.core.schema import Moment, Page, Paging, Shown


class HistoryQuery(Paging):
    """Which events: of a type, received from `from` (inclusive) to `to` (exclusive)."""

    type: Annotated[str, Field(max_length=100, pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)+$")] | None = (
        None
    )
    since: Moment | None = Field(default=None, alias="from", examples=["2026-11-21T00:00:00Z"])
    until: Moment | None = Field(default=None, alias="to", examples=["2026-11-22T00:00:00Z"])


class EventShown(Shown):
    """One event; `data` is null where events of its type may name a person."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "event_id": "e_17",
                    "type": "bin.level",
                    "occurred_at": "2026-11-21T08:00:00Z",
                    "received_at": "2026-11-21T08:00:01Z",
                    "boot": 3,
                    "sequence": 17,
                    "replayed": False,
                    "data": {"fullness": 0.5},
                }
            ]
        }
    )

    event_id: str
    type: str
    occurred_at: Moment
    received_at: Moment
    boot: int
    sequence: int
    replayed: bool
    data: dict[str, Any] | None


class HistoryPage(Page[EventShown]):
    """One page of a device's events, the newest first; it may be short before the last one."""

"""A person's own rights: the export of everything, and the deletion."""

from datetime import datetime
from typing import Any, Literal

from pydantic import ConfigDict, Field

from chalicelib.core.schema import Asked, Shown


class ExportReply(Shown):
    """All that is held of the caller: rows by kind, and the same rows as CSV files."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "person_id": "person-lin",
                    "community_id": "heyuan",
                    "made_at": "2026-11-21T08:00:00Z",
                    "data": {"homes": [{"unit_id": "heyuan-1-101", "tie": "owner"}]},
                    "csv": {"homes": "unit_id,tie\r\nheyuan-1-101,owner\r\n"},
                }
            ]
        }
    )

    person_id: str
    community_id: str
    made_at: datetime
    data: dict[str, list[dict[str, Any]]]
    csv: dict[str, str] = Field(description="kind → CSV text (RFC 4180), safe in spreadsheets")


class DeletionAsked(Asked):
    """The word that makes sure: deletion cannot be taken back."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"confirm": "delete_my_data"}]})

    confirm: Literal["delete_my_data"]


class DeletionReply(Shown):
    """When it was asked, and by when the last copy is gone; sealed fields went at once."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "person_id": "person-lin",
                    "asked_at": "2026-11-21T08:00:00Z",
                    "due_at": "2026-12-11T08:00:00Z",
                }
            ]
        }
    )

    person_id: str
    asked_at: datetime
    due_at: datetime

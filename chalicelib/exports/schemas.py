"""The export: everything that is held of a person, in pages."""

from datetime import datetime
from typing import Any

from pydantic import ConfigDict, Field

from chalicelib.core.schema import Asked, Identifier, Shown


class ExportQuery(Asked):
    """Whose data, the caller's own or those of their child under 14, and where the page begins."""

    person_id: Identifier | None = None
    cursor: str | None = Field(default=None, max_length=2_000)


class ExportReply(Shown):
    """One page of what is held of a person: rows by kind, and the same rows as CSV files.

    Ask with `next` until it is null; a kind may go on in the next page.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "person_id": "person-lin",
                    "community_id": "heyuan",
                    "made_at": "2026-11-21T08:00:00Z",
                    "data": {"homes": [{"unit_id": "heyuan-1-101", "tie": "owner"}]},
                    "csv": {"homes": "unit_id,tie\r\nheyuan-1-101,owner\r\n"},
                    "next": None,
                }
            ]
        }
    )

    person_id: str
    community_id: str
    made_at: datetime
    data: dict[str, list[dict[str, Any]]]
    csv: dict[str, str] = Field(description="kind → CSV text (RFC 4180), safe in spreadsheets")
    next: str | None

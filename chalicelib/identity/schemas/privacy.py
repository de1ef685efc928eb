"""A person's right to be forgotten."""

from datetime import datetime
from typing import Literal

from pydantic import ConfigDict, Field

from chalicelib.core.schema import Asked, Identifier, Shown
from chalicelib.identity.rules.deletion import MESSAGES, Ground


class DeletionAsked(Asked):
    """The word that makes sure: deletion cannot be taken back."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"confirm": "delete_my_data"}]})

    confirm: Literal["delete_my_data"]
    person_id: Identifier | None = Field(default=None, description="the caller's child under 14")


class KeptReply(Shown):
    """One thing that stays after a deletion, and why."""

    what: str = Field(examples=["phone"])
    ground: Ground
    message: str = Field(examples=[MESSAGES[Ground.STILL_OWNER]])


class DeletionReply(Shown):
    """When it was asked, by when it is finished, and what stays on which ground.

    Without a ground `still_owner` or `still_employed` the person is forgotten: what was
    sealed is unreadable at once, and in backups within 35 days.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "person_id": "person-lin",
                    "asked_at": "2026-11-21T08:00:00Z",
                    "due_at": "2026-12-11T08:00:00Z",
                    "kept": [
                        {
                            "what": "phone",
                            "ground": "still_owner",
                            "message": MESSAGES[Ground.STILL_OWNER],
                        }
                    ],
                }
            ]
        }
    )

    person_id: str
    asked_at: datetime
    due_at: datetime
    kept: list[KeptReply]

"""What people see of themselves and their flats, and how they ask to be tied to one."""

from datetime import datetime

from pydantic import ConfigDict, Field

from chalicelib.core.schema import Asked, Identifier, Page, Personal, Shown, Text
from chalicelib.identity.rules.people import BindingState, Tie

EVIDENCE = f"heyuan/evidence/person-lin/{'9f86d081' * 8}.jpg"


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


class HomeReply(Shown):
    """A flat that the caller is tied to."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"unit_id": "heyuan-1-101", "tie": "owner", "guardian_id": None}]
        }
    )

    unit_id: str
    tie: Tie
    guardian_id: str | None


class HomesReply(Shown):
    """The flats that the caller is tied to."""

    items: list[HomeReply]


class MoveInAsked(Asked):
    """Who is to live in a flat."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"person_id": "person-lin-xiao", "tie": "child", "guardian_id": "person-lin"}
            ]
        }
    )

    person_id: Identifier
    tie: Tie
    guardian_id: Identifier | None = None


class MoveOutAsked(Asked):
    """Who leaves a flat."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"person_id": "person-zhou"}]})

    person_id: Identifier


class MovedReply(Shown):
    """A person and a flat that they were tied to, or no longer are."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"unit_id": "heyuan-1-101", "person_id": "person-zhou"}]}
    )

    unit_id: str
    person_id: str


class BindingAsked(Asked):
    """A wish to be tied to a flat; `for_person` is the caller's own child.

    `evidence_key` is that of an upload by the caller, `name` needed of whom nobody knows yet.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "unit_id": "heyuan-1-101",
                    "tie": "child",
                    "evidence_key": EVIDENCE,
                    "guardian_id": "person-lin",
                    "for_person": "person-lin-xiao",
                }
            ]
        }
    )

    unit_id: Identifier
    tie: Tie
    name: Text | None = Field(default=None, min_length=1, max_length=60)
    evidence_key: str | None = Field(
        default=None, max_length=260, pattern=r"^[A-Za-z0-9_./-]+$", description="an uploaded file"
    )
    guardian_id: Identifier | None = None
    for_person: Identifier | None = None


class BindingReply(Shown):
    """A wish to be tied to a flat, and what became of it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "binding_id": "bind_01JCZ5",
                    "unit_id": "heyuan-1-101",
                    "person_id": "person-zhou",
                    "tie": "family",
                    "guardian_id": None,
                    "state": "PENDING",
                    "evidence_key": None,
                    "asked_at": "2026-11-21T08:00:00Z",
                    "decided_at": None,
                    "reason": None,
                }
            ]
        }
    )

    binding_id: str
    unit_id: str
    person_id: str
    tie: Tie
    guardian_id: str | None
    state: BindingState
    evidence_key: str | None
    asked_at: datetime
    decided_at: datetime | None
    reason: str | None


class WishSeenReply(Shown):
    """A wish as its decider sees it, on the record of `view_id`; the address lasts two minutes."""

    binding: BindingReply
    name: Personal[str] = Field(examples=["周敏"])
    evidence_url: Personal[str | None] = Field(
        examples=["https://bucket.example/9f86.jpg?X-Amz-Expires=120"]
    )
    view_id: str


class BindingPage(Page[BindingReply]):
    """One page of bindings."""


class DecisionAsked(Asked):
    """A decision on a binding."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"approve": False, "reason": "证明材料不清晰"}]}
    )

    approve: bool
    reason: Text = Field(default="", max_length=200)

"""What people see of zones and of the bodies at nodes, and what is asked to change them."""

from pydantic import ConfigDict, Field

from chalicelib.core.schema import Asked, Identifier, Page, Shown, Text
from chalicelib.identity.rules.organisation import MOST_OF_ZONE, Body
from chalicelib.identity.schemas.staff import NodePath


class ZoneAsked(Asked):
    """Several estates to be managed as one area (片区共管)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "和平片区",
                    "paths": [
                        "binjiang/heping/heping-1/heyuan",
                        "binjiang/heping/heping-1/meiyuan",
                    ],
                }
            ]
        }
    )

    name: Text = Field(min_length=1, max_length=60)
    paths: list[NodePath] = Field(min_length=1, max_length=MOST_OF_ZONE)


class ZoneReply(Shown):
    """A zone of several estates."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "zone_id": "zone_01JCZ5",
                    "name": "和平片区",
                    "path": "binjiang/zone_01JCZ5",
                    "paths": [
                        "binjiang/heping/heping-1/heyuan",
                        "binjiang/heping/heping-1/meiyuan",
                    ],
                }
            ]
        }
    )

    zone_id: str
    name: str
    path: str = Field(description="what a post names instead of a node, to be held at each estate")
    paths: list[str]


class ZonePage(Page[ZoneReply]):
    """One page of zones."""


class AttachmentAsked(Asked):
    """A company, committee, police station or office that is to serve a node.

    With the `org_id` of one that serves elsewhere already, it serves here as well, under its
    own name and kind.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"path": "binjiang/heping/heping-1/heyuan", "body": "company", "name": "和美物业"}
            ]
        }
    )

    path: NodePath
    body: Body
    name: Text = Field(min_length=1, max_length=60)
    org_id: Identifier | None = None


class DetachmentAsked(Asked):
    """A body that is to serve a node no longer."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"path": "binjiang/heping/heping-1/heyuan", "org_id": "org_01JCZ5"}]
        }
    )

    path: NodePath
    org_id: Identifier


class AttachmentsQuery(Asked):
    """Which node's bodies."""

    path: NodePath


class AttachmentReply(Shown):
    """The organisation that serves a node."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "org_id": "org_01JCZ5",
                    "body": "company",
                    "name": "和美物业",
                    "path": "binjiang/heping/heping-1/heyuan",
                }
            ]
        }
    )

    org_id: str
    body: Body
    name: str
    path: str


class AttachmentsReply(Shown):
    """The bodies that serve a node."""

    items: list[AttachmentReply]


class AnswererReply(Shown):
    """Who answers for an estate: a role at a node."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"role": "grid_worker", "node_path": "binjiang/heping/heping-1"}]
        }
    )

    role: str
    node_path: str


class AnswerersReply(Shown):
    """Who answers for an estate; without a company, the grid worker and the street."""

    items: list[AnswererReply]

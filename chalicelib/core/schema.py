"""Bases of every request and reply model: closed, frozen, and text without tricks.

Models are built when first used (`defer_build`): a function of one audience never uses
those of the others, and should not start with them. Their errors never print what was
given: it may be a phone number, and the trace goes into a log (SECURITY.md 21).
"""

import re
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Annotated, Any, Generic, Literal, TypeVar, get_args

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

Item = TypeVar("Item")

MOST_PICTURE_BYTES = 10 * 1024 * 1024

_TRICKS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def _plain(text: str) -> str:
    if _TRICKS.search(text):
        raise ValueError("control or direction-changing characters are not allowed")
    return text


Text = Annotated[str, AfterValidator(_plain)]
"""Text that a person typed: no control characters but tab and line feed, no bidi overrides."""

Identifier = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
"""An id of ours or of a device: letters, digits, `_` and `-`."""

Moment = AwareDatetime
"""An instant with its offset (ISO 8601)."""

_PERSONAL = object()
Personal = Annotated[Item, _PERSONAL]
"""A field that says something about a resident: staff never get it without a look on record.

`core.serving` answers 500 rather than with one that `core.audit` knows nothing of.
"""


class Asked(BaseModel):
    """What a client sends: an unknown field is an error, not a hint (SECURITY.md 14)."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, defer_build=True, hide_input_in_errors=True
    )


class Shown(BaseModel):
    """What we answer; built from the attributes of what a use case returned."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        from_attributes=True,
        defer_build=True,
        hide_input_in_errors=True,
        json_schema_serialization_defaults_required=True,
    )


@cache
def may_be_personal(model: type[BaseModel]) -> bool:
    """Return whether a model has a `Personal` field, itself or in a model within."""
    return any(
        _PERSONAL in field.metadata or any(map(may_be_personal, _models_in(field.annotation)))
        for field in model.model_fields.values()
    )


def is_personal(shown: object) -> bool:
    """Return whether a reply says something in a `Personal` field, itself or within."""
    if isinstance(shown, list | tuple):
        return any(map(is_personal, shown))
    if not isinstance(shown, BaseModel) or not may_be_personal(type(shown)):
        return False
    return any(
        bool(value) if _PERSONAL in field.metadata else is_personal(value)
        for name, field in type(shown).model_fields.items()
        for value in [getattr(shown, name)]
    )


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)


class Page(Shown, Generic[Item]):
    """One page of a list; `next` asks for the following one and is null at the end."""

    items: list[Item]
    next: str | None = None


class Paging(Asked):
    """The query of a list: how many, and where the last page ended."""

    limit: int = Field(default=20, ge=1, le=100)
    cursor: str | None = Field(default=None, max_length=2_000)


class UploadAsked(Asked):
    """A picture to be uploaded: its exact size in bytes and its SHA-256."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "content_type": "image/jpeg",
                    "bytes": 48213,
                    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                }
            ]
        }
    )

    content_type: Literal["image/jpeg", "image/png", "image/webp"]
    bytes: int = Field(ge=1, le=MOST_PICTURE_BYTES)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class UploadReply(Shown):
    """A presigned POST (S3): form fields, then the file, before `expires_at`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "url": "https://bucket.example/",
                    "fields": {"key": "heyuan/stills/cam/9f86.jpg"},
                    "key": "heyuan/stills/cam/9f86.jpg",
                    "expires_at": "2026-11-21T08:02:00Z",
                }
            ]
        }
    )

    url: str
    fields: dict[str, str]
    key: str
    expires_at: datetime


class Problem(Shown):
    """Every error: a code for programs and a sentence for people; some have details."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    code: str = Field(examples=["no_such_call"])
    message: str = Field(examples=["没有找到这次呼叫"])
    request_id: str
    details: list[dict[str, object]] | dict[str, object] | None = None

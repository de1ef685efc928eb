"""Bases of every request and reply model: closed, frozen, and text without tricks.

Models are built when first used (`defer_build`): a function of one audience never uses
those of the others, and should not start with them. Their errors never print what was
given: it may be a phone number, and the trace goes into a log (SECURITY.md 21).
"""

import re
from typing import Annotated, Generic, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

Item = TypeVar("Item")

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


class Page(Shown, Generic[Item]):
    """One page of a list; `next` asks for the following one and is null at the end."""

    items: list[Item]
    next: str | None = None


class Paging(Asked):
    """The query of a list: how many, and where the last page ended."""

    limit: int = Field(default=20, ge=1, le=100)
    cursor: str | None = Field(default=None, max_length=2_000)


class Problem(Shown):
    """Every error: a code for programs and a sentence for people."""

    code: str = Field(examples=["no_such_call"])
    message: str = Field(examples=["没有找到这次呼叫"])
    request_id: str
    details: list[dict[str, object]] | dict[str, object] | None = None

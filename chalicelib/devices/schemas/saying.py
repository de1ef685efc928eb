"""What every event's data has in common: open to what is new, strict in what is known.

A device newer than this software may say more than we read: that is kept as it came. What
we do read has the type that is written here, so that no consumer meets a text for a number.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Name = Annotated[str, StringConstraints(min_length=1, max_length=64)]
"""A name, code or number of the device's own world."""

Sentence = Annotated[str, StringConstraints(max_length=500)]

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]

Ratio = Annotated[float, Field(ge=0, le=1)]

Celsius = Annotated[float, Field(ge=-100, le=1_000)]

Count = Annotated[int, Field(ge=0, le=2**53)]


class Part(BaseModel):
    """A piece of an event's data."""

    model_config = ConfigDict(
        extra="allow", strict=True, frozen=True, defer_build=True, hide_input_in_errors=True
    )


class Picture(Part):
    """A picture that was uploaded before: where it lies, and the SHA-256 of its bytes."""

    key: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    sha256: Sha256


class Attached(Picture):
    """A picture that came with a vendor's message."""

    content_type: Literal["image/jpeg", "image/png", "image/webp"]
    bytes: Count
    name: Sentence | None = None


class Said(Part):
    """The data of an event: `vendor` is what its maker said besides, unread by us."""

    vendor: dict[str, Any] | None = None
    pictures: Annotated[list[Attached], Field(max_length=20)] | None = None


def example(**said: Any) -> ConfigDict:
    """Return the configuration of a model whose data may look like this."""
    return ConfigDict(json_schema_extra={"examples": [said]})
